"""Several processes do what one does, and the command line says what is wrong."""

import json
import sys
from types import ModuleType

import pytest
from distributed import LocalCluster

from core.data.__main__ import main, parse, plan_of
from core.data.build import refine
from core.data.plan import Choice, Plan, Source, check_stages, usual_plan
from core.data.report import Report
from core.data.sharded import Shards, parts_of, refine_sharded

pytestmark = pytest.mark.thorough


@pytest.fixture(autouse=True)
def own_main(monkeypatch):
    """Processes begin with the module that runs, and AppTest leaves a page in its place."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


def without_time(report):
    stages = [vars(made) | {"seconds": 0, "examples": 0} for made in report.stages]
    return vars(report) | {"seconds": 0, "stages": stages, "before": dict(sorted(report.before.items()))}


@pytest.mark.parametrize(
    "plan",
    [
        usual_plan(Source(pages=600)),
        Plan(Source(pages=300), check_stages([Choice("near"), Choice("extract"), Choice("exact"), Choice("personal")])),
        Plan(Source(pages=270), check_stages([Choice("exact")])),
    ],
    ids=["usual", "duplicates first", "nothing else"],
)
def test_several_processes_do_what_one_does(plan, tmp_path):
    said = []
    sharded, alone = refine_sharded(plan, tmp_path, 2, said.append), refine(plan)
    assert without_time(sharded) == without_time(alone)
    assert said == sorted(said) and said[-1] == plan.source.pages
    lines = [json.loads(line) for line in (tmp_path / "00000.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == sharded.kept
    for one, other in zip(sharded.stages, alone.stages, strict=True):
        assert {example["verdict"] for example in one.examples} == {example["verdict"] for example in other.examples}


def test_a_cluster_does_what_one_process_does(tmp_path):
    plan = usual_plan(Source(pages=300))
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        sharded = refine_sharded(plan, tmp_path, 1, scheduler=cluster.scheduler_address)
    assert without_time(sharded) == without_time(refine(plan))
    assert len((tmp_path / "00000.jsonl").read_text().splitlines()) == len(sharded.kept)


def test_a_cluster_that_does_not_answer_is_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("core.cluster.PATIENCE", 0.5)
    assert main(["--pages", "250", "--scheduler", "tcp://127.0.0.1:9", "--out", str(tmp_path)]) == 1
    assert "error: no Dask scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err


def test_parts_are_as_few_as_can_be():
    names = [[choice.key for choice in part] for part in parts_of(usual_plan(Source()))]
    assert names[1] == ["exact", "near"] and len(names) == 3


def test_shards_are_cut_where_they_are_full(tmp_path, monkeypatch):
    monkeypatch.setattr("core.data.sharded.SHARD", 2)
    from core.data.document import Document

    shards = Shards(tmp_path)
    for n in range(5):
        shards.write(Document(n, str(n)))
    shards.close()
    files = sorted(tmp_path.glob("*.jsonl"))
    assert [file.name for file in files] == ["00000.jsonl", "00001.jsonl", "00002.jsonl"]
    assert [json.loads(line)["id"] for file in files for line in file.read_text().splitlines()] == [0, 1, 2, 3, 4]


def test_from_the_command_line(tmp_path, capsys):
    words = "--stages extract normalise near --set near.bands=20 near.shingles=characters --pages 60 --processes 1"
    assert main([*words.split(), "--out", str(tmp_path / "corpus")]) == 0
    report = Report.load(tmp_path / "corpus" / "report.json")
    assert report.plan.stages == (
        Choice("extract"),
        Choice("normalise"),
        Choice("near", {"bands": 20, "shingles": "characters"}),
    )
    assert f"{report.left.documents} of 60 documents are left" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "corpus").iterdir()} == {
        "00000.jsonl", "report.json", "datacard.md", "croissant.json",
    }  # fmt: skip


def test_files_from_the_command_line(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "one"}\n{"text": "one"}\n{"text": "two"}\n')
    out = tmp_path / "corpus"
    assert main(["--files", str(tmp_path / "a.jsonl"), "--stages", "exact", "--out", str(out)]) == 0
    assert Report.load(out / "report.json").kept == [0, 2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--set near.bands", "no setting"), ("--set near=3", "no setting"), ("--set near.bands=0", "cannot be set"),
        ("--pages 0", "from 1 to"), ("--stages extract --set near.bands=3", "not in this pipeline"),
        ("--files nowhere.txt", "nowhere.txt"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(words, said, tmp_path, capsys):
    assert main([*words.split(), "--out", str(tmp_path / "x")]) == 1
    assert said in capsys.readouterr().err


def test_a_stage_can_be_left_out():
    plan = plan_of(parse(["--out", "x", "--without", "near", "c4"]))
    assert {choice.key for choice in usual_plan(Source()).stages} - {choice.key for choice in plan.stages} == {
        "near",
        "c4",
    }
