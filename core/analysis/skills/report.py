"""The figures of all skills as lines to read."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.analysis.skills.birthdays import WAYS
from core.analysis.skills.games import FAMILIES

GAMES = {
    "lists": "rules of lists, a list that training withholds",
    "tables_seen": "rules of tables, a case that training may hold",
    "tables": "rules of tables, a case that training withholds",
    "kept_out": "rules that training withholds",
}
WIDTH = 26


def report(skills: Mapping[str, Any]) -> str:
    """The figures of `suite.measure`."""
    lines = [_loss("all kinds", skills["held_out"])]
    lines += [_loss(name, loss) for name, loss in skills["held_out_by_kind"].items()]
    for name, result in skills.items():
        if result is None:
            lines.append(f"{name:{WIDTH}}   n/a: by this step the model has read nothing of the kind")
        elif "rate" in result:
            lines.append(f"{name:{WIDTH}} {_share(result)}")
    return "\n".join([*lines, *_games(skills.get("games")), *_birthdays(skills.get("birthdays"))])


def _loss(name: str, loss: Mapping[str, float]) -> str:
    return (
        f"{name:{WIDTH}} {loss['loss']:7.2f} nats/document, floor {loss['floor']:7.2f}, "
        f"{100 * loss['excess_share']:+.2f} % ± {100 * loss['excess_95'] / loss['floor']:.2f} (n = {loss['n']})"
    )


def _share(result: Mapping[str, float]) -> str:
    low, high = 100 * result["low"], 100 * result["high"]
    return f"{100 * result['rate']:6.1f} %  ({result['right']} of {result['n']}; 95 %: {low:.1f}–{high:.1f})"


def _games(curves: Mapping[str, Any] | None) -> Iterator[str]:
    for family in FAMILIES if curves else ():
        yield f"rule games: {GAMES[family]}"
        for point in curves[family] if curves else ():
            yield f"  k = {point['k']}  {_share(point)}; the Bayesian {100 * point['bayesian']['rate']:.1f} %"


def _birthdays(curves: Mapping[str, Any] | None) -> Iterator[str]:
    for way in WAYS if curves else ():
        yield f"birthdays, {WAYS[way]}"
        for point in curves[way] if curves else ():
            yield f"  told {point['count']:>5} times  {_share(point)}"
