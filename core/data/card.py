"""The data card of a corpus, made from what was done: Markdown for people, Croissant (JSON-LD) for programs.

Croissant 1.0 of MLCommons, with its vocabulary for responsible AI: http://mlcommons.org/croissant/1.0
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.data.plan import knobs
from core.data.report import Report
from core.data.stages import STAGES
from core.files import write_atomically

MARKDOWN, CROISSANT = "datacard.md", "croissant.json"
TINYLAND = (
    "The crawl of Tinyland: HTML pages written by a program, with every defect labelled. No person and no place in "
    "them is real; telephone numbers, cards, accounts and addresses are from ranges kept free for examples."
)
BROUGHT = "Files that somebody brought. Where they come from, and under which licence, was not asked."
LICENCES = {
    True: "CC0 1.0, CC BY 4.0 or CC BY-SA 4.0, as each page says of itself; pages with another or none were dropped",
    False: "not known: no stage has looked at licences",
}
CC0, UNKNOWN = "https://creativecommons.org/publicdomain/zero/1.0/", "https://choosealicense.com/no-permission/"
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def write_card(folder: Path, name: str, report: Report) -> None:
    """Both, beside the shards that lie in the folder."""
    shards = sorted(folder.glob("*.jsonl"))
    write_atomically(folder / MARKDOWN, markdown(name, report).encode())
    write_atomically(folder / CROISSANT, json.dumps(croissant(name, report, shards), indent=1).encode())


def source_of(report: Report) -> str:
    source = report.plan.source
    if source.kind == "crawl":
        return f"{TINYLAND} Seed {source.seed}, pages 0 to {source.pages - 1:,}."
    return BROUGHT


def consent_of(report: Report) -> str:
    """What was done about people who do not want their text to be used."""
    made = report.stage("licence")
    if made is None:
        return "Nobody was asked, and no page was searched for an opt-out."
    said = ", ".join(f"{count:,} pages: {reason}" for reason, count in made.reasons.items()) or "none"
    return f"Opt-outs and refusals in the pages were obeyed. Dropped: {said}."


def personal_of(report: Report) -> str:
    made = report.stage("personal")
    if made is None:
        return "Personal data was not searched for."
    found = sum(made.steps.values())
    return f"{found:,} e-mail addresses, numbers and postal addresses were replaced by placeholders; names were not."


def filters(report: Report) -> list[dict[str, Any]]:
    """Each stage with all of its settings, and what it did."""
    settings = {choice.key: choice.settings for choice in report.plan.stages}
    return [
        {
            "stage": made.name,
            "purpose": STAGES[made.key].purpose,
            "settings": {knob.name: knob.default for knob in knobs(made.key).values()} | dict(settings[made.key]),
            "in": made.seen.documents,
            "dropped": made.dropped,
            "changed": made.changed,
            "reasons": made.reasons,
        }
        for made in report.stages
    ]


def gaps(report: Report) -> list[str]:
    """What is known to be wrong with what is left."""
    left = report.left.documents
    if not report.labelled:
        return ["Nobody has labelled these documents: what was missed, and what was wrongly dropped, is unknown"]
    known = [
        f"{count:,} of {left:,} documents ({count / max(left, 1):.1%}) still have the defect “{kind}”"
        for kind, count in sorted(report.after.items(), key=lambda item: -item[1])
        if kind != "decoy"
    ]
    fine = sum(made.verdicts.get("fine", 0) for made in report.stages)
    known.append(f"{fine:,} pages were dropped though nothing was the matter with them")
    without = [STAGES[key].name for key in STAGES if report.stage(key) is None]
    return known + [f"no stage “{name}” was run" for name in without]


def markdown(name: str, report: Report) -> str:
    """Nothing in it was typed by hand: every number was counted."""
    raw, left = report.raw, report.left
    rows = [
        f"| {one['stage']} | {_settings(one['settings'])} | {one['in']:,} | {one['dropped']:,} | {one['changed']:,} |"
        for one in filters(report)
    ]
    files = [
        f"- {_plain(file['name'])}: {file['documents']:,} documents. {_plain(file['note'])}" for file in report.files
    ]
    lines = [
        f"# Data card: {_plain(name)}",
        "",
        f"**Source.** {source_of(report)}",
        *files,
        "",
        f"**Licence.** {_capital(LICENCES[report.stage('licence') is not None])}.",
        "",
        f"**Consent.** {consent_of(report)}",
        "",
        f"**Personal data.** {personal_of(report)}",
        "",
        f"**Size.** {left.documents:,} documents, {left.tokens:,} words, {left.bytes:,} bytes, of {raw.documents:,} "
        f"documents, {raw.tokens:,} words and {raw.bytes:,} bytes that came in.",
        "",
        "## What was done, in this order",
        "",
        "| stage | settings | in | dropped | changed |",
        "| --- | --- | ---: | ---: | ---: |",
        *rows,
        "",
        "## Known gaps",
        "",
        *(f"- {gap}." for gap in gaps(report)),
        "",
        f"Made by Glassbox from the report of the pipeline. Plan {report.plan.name()}: the same plan and the same code "
        "give the same documents.",
        "",
    ]
    return "\n".join(lines)


def croissant(name: str, report: Report, shards: Sequence[Path]) -> dict[str, Any]:
    licensed = report.stage("licence") is not None
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": name,
        "description": f"{source_of(report)} {report.left.documents:,} of {report.raw.documents:,} documents are left.",
        "license": CC0 if licensed else UNKNOWN,
        "version": "1.0.0",
        "identifier": report.plan.name(),
        "url": f"urn:glassbox:corpus:{report.plan.name()}",  # it has no page on the web
        "creator": {"@type": "sc:Organization", "name": "the data pipeline of Glassbox"},
        "datePublished": _day_of(shards),
        "distribution": [_shard(path) for path in shards],
        "recordSet": [_records(shard.name) for shard in shards],
        "rai:dataCollection": source_of(report),
        "rai:dataPreprocessingProtocol": [json.dumps(one, ensure_ascii=False) for one in filters(report)],
        "rai:personalSensitiveInformation": [personal_of(report), consent_of(report)],
        "rai:dataLimitations": gaps(report),
    }


def _day_of(shards: Sequence[Path]) -> str:
    """On which the last of them was written."""
    return datetime.fromtimestamp(max((path.stat().st_mtime for path in shards), default=0.0), UTC).date().isoformat()


def _shard(path: Path) -> dict[str, Any]:
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            whole.update(piece)
    return {
        "@type": "cr:FileObject", "@id": path.name, "name": path.name, "contentUrl": path.name,
        "contentSize": f"{path.stat().st_size} B", "encodingFormat": "application/jsonlines",
        "sha256": whole.hexdigest(),
    }  # fmt: skip


def _records(shard: str) -> dict[str, Any]:
    kinds = {"id": "sc:Integer", "text": "sc:Text"}
    record = f"{shard}/records"  # an @id may hold no blank
    return {
        "@type": "cr:RecordSet", "@id": record, "name": record,
        "field": [
            {
                "@type": "cr:Field", "@id": f"{record}/{name}", "name": name, "dataType": kind,
                "source": {"fileObject": {"@id": shard}, "extract": {"column": name}},
            }
            for name, kind in kinds.items()
        ],
    }  # fmt: skip


def _settings(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items()) or "none"


def _plain(text: str) -> str:
    """Words of a visitor on one line, with nothing in them that Markdown reads."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|<>~&" else c for c in " ".join(text.split()))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
