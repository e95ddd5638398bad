"""What may be the matter with a run of preference tuning, read from its rows: why nothing happens, or too much."""

import math
from collections.abc import Sequence

from core.training.disk.rows import Row

PATIENCE = 10  # updates before anything is said
LATELY = 10  # updates that are looked at
STILL = 0.01  # nats of loss, or of KL for each token, in which nothing has happened
EXPLODED = 2.0  # nats for each token
POOR = 0.1  # nats of entropy
FALLEN = 2.0  # nats of log-probability


def diagnose(rows: Sequence[Row], method: str) -> list[str]:
    """Sentences about what is unusual, each with what to do; none where all is as it should be."""
    updates = [row for row in rows if "loss_per_token" in row and "statistics" in row]
    if len(updates) < PATIENCE:
        return []
    told = [row["statistics"] for row in updates]
    measured = [row["statistics"] for row in rows if "kl" in row.get("statistics", {})]
    found = _of_pairs(updates) if method == "dpo" else _of_groups(told)
    last = measured[-1] if measured else {}
    if last.get("kl", 0.0) > EXPLODED:
        found.append(
            f"The KL has exploded: {last['kl']:.1f} nats for each token. It writes what the model before would hardly "
            "write. Go back to an earlier step, and take a lower learning rate or a larger β."
        )
    if measured and last.get("entropy", 1.0) < POOR <= measured[0]["entropy"]:
        found.append(
            f"The entropy has fallen to {last['entropy']:.2f} nats for each token: it writes nearly the same every "
            "time. A larger β keeps more variety."
        )
    return found


def _of_pairs(updates: Sequence[Row]) -> list[str]:
    """DPO."""
    lately = updates[-LATELY:]
    loss = sum(row["loss_per_token"] for row in lately) / len(lately)
    if abs(loss - math.log(2)) < STILL:
        return ["The loss is still ln 2 = 0.693: the policy is still its reference. Take a higher learning rate."]
    first, last = updates[0]["statistics"], lately[-1]["statistics"]
    if "log_probs_chosen" not in first or "log_probs_chosen" not in last:
        return []
    fell = [first[name] - last[name] for name in ("log_probs_chosen", "log_probs_rejected")]
    if min(fell) > FALLEN:
        return [
            f"Chosen and rejected texts have both become less likely, by {fell[0]:.0f} and {fell[1]:.0f} nats, while "
            "the margin between them grew (likelihood displacement). Fewer updates or a larger β help."
        ]
    return []


def _of_groups(told: Sequence[dict[str, float]]) -> list[str]:
    """GRPO and REINFORCE."""
    lately = told[-LATELY:]
    alike = sum(one.get("groups_without_variance", 0.0) for one in lately) / len(lately)
    if alike > 0.5:
        return [
            f"In {alike:.0%} of the groups all answers earn the same: no answer is better than its group, and nothing "
            "is learned from them. Take larger groups, or another taste or text in which the answers differ."
        ]
    if abs(lately[-1].get("kl", 1.0)) < STILL / 10:
        return ["The policy has hardly left its reference. Take a higher learning rate, or a smaller β."]
    return []
