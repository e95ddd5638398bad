"""Runs that go wrong on purpose, each with a sound twin that differs in one thing: symptoms to diagnose, then causes.

    case = FAILURES["no_warm_up"]
    jobs.start(case.broken, key, text=case.text); jobs.start(case.sound, key, text=case.text)

What the texts say of the symptom is a thing to look for; the curves themselves are those of the runs.
"""

from dataclasses import dataclass, replace

from core.training.config import TrainConfig, preset


@dataclass(frozen=True)
class Failure:
    """One case. `symptom` may be shown before the reveal; `cause`, `remedy` and `title` are the reveal.

    text: the training text of both runs, None for Tinyland. measure: what to watch beside the loss, "" for nothing:
    "memorisation" (core.lab.memorisation), "sample", "update_ratio" or "grad_norm".
    """

    title: str
    symptom: str
    cause: str
    remedy: str
    broken: TrainConfig
    sound: TrainConfig
    text: str | None = None
    measure: str = ""


# What a small model learns within a minute: everyday text. Recitations and made-up names are mostly chance, which no
# model can learn, so there a mistake and its twin lie nearly together.
EVERYDAY = {"story": 0.3, "story_qa": 0.4, "entry": 0.12, "list": 0.03, "translation": 0.1, "arithmetic": 0.05}
SOUND = preset("live", steps=400, seconds=60.0, eval_every=25, data={"kind": "tinyland", "weights": EVERYDAY})
PLAIN = replace(SOUND, optimizer="adamw", schedule="constant")  # nothing that softens a mistake
RHYME = """The river runs down to the sea, and the boat runs down with the tide;
the miller has flour for three, and the baker has bread to divide.
The tailor is mending a sleeve, the cobbler is mending a shoe;
the swallows come home in the eve, and the owls have the night to get through.
A cart with a wheel that is round will carry the corn up the hill;
a cart with a wheel that is bound will stand where it stands, and stands still.
The clock in the tower is slow, the bell in the tower is late;
the people who know that they know are early, and lean on the gate.
The river runs under the mill, and the mill turns under the moon;
the tailor is sewing it still, the coat that he promised for June.
The baker is early to rise, the cobbler is early to bed;
the swallows are late in the skies, the owls have the barn and the shed.
A boat with a sail that is torn will drift with the tide to the bay;
a boat with a bell and a horn will be heard by the folk on the quay.
The clock in the market is right, the bell in the market is wrong;
the people who walk in the night will walk by the sound of a song.
The miller has sacks for the cart, the cart has a road to the town;
the road has a hill at the start, and runs by the river, and down.
The baker has bread for a penny, the cobbler has boots for a pound;
the tailor has buttons, so many that some of them lie on the ground.
The sea takes the river to keep, the tide brings a boat to the land;
the owls and the swallows may sleep, and the bell is as still as the sand.
The people lean over the wall, the moon has come over the hill;
the river is heard by them all, and the wheel of the cart, and the mill.
"""
TEXT = {"kind": "text", "path": "corpus.txt"}
LETTERS = replace(SOUND, data=TEXT, vocab_size=300, batch_tokens=1024, steps=200, eval_every=5)

FAILURES = {
    "rate_too_high": Failure(
        "The learning rate is too high",
        "The loss leaps far above that of blind guessing and does not come back, or it stops being a number.",
        "Every step moves the weights further than the gradient is valid: it points downhill only nearby.",
        "Divide the learning rate by ten, and again if need be. The update-to-weight ratio should lie near a "
        "thousandth to a hundredth.",
        replace(PLAIN, adamw_lr=1.0, clip=1e6),
        replace(PLAIN, adamw_lr=0.005),
        measure="update_ratio",
    ),
    "no_warm_up": Failure(
        "No warm-up",
        "In its first steps the weights move by more than their own size and the loss goes up. It never makes up for "
        "it.",
        "At the start the optimizer knows each gradient from one batch only; full steps in such directions do damage.",
        "Let the learning rate rise from zero over the first steps.",
        replace(PLAIN, adamw_lr=0.05, warmup_steps=0, clip=1e6),
        replace(PLAIN, adamw_lr=0.05, warmup_steps=60, clip=1e6),
        measure="update_ratio",
    ),
    "no_mask": Failure(
        "No causal mask",
        "The loss is better than any model could be, below the entropy floor, yet it writes nonsense, or nothing.",
        "In training every token saw the one that it should predict, and copied it. When it writes, there is none.",
        "Mask what lies ahead. A loss that is too good is a reason to look for a leak.",
        replace(SOUND, causal=False),
        SOUND,
        measure="sample",
    ),
    "no_positions": Failure(
        "No positions",
        "The loss falls, but stays above that of the twin.",
        "Attention by itself sees a bag of words. The causal mask still tells a token how many came before, so "
        "something of the order can be learned, only more slowly.",
        "Add positions: learned vectors, or rotations of queries and keys.",
        replace(SOUND, model={**SOUND.model, "position": "none"}),
        SOUND,
    ),
    "overfitting": Failure(
        "A tiny text, read too often",
        "The training loss goes to nothing while the held-out loss rises.",
        "The model is larger than the text and learns it by heart: the passages that it repeats word for word grow.",
        "More text, a smaller model, or an end when the held-out loss no longer falls.",
        LETTERS,
        replace(LETTERS, patience=1),
        text=RHYME,
        measure="memorisation",
    ),
    "dead": Failure(
        "All weights start at zero",
        "The loss does not move at all: it stays at the logarithm of the number of tokens.",
        "With all matrices zero every gradient is zero too: no weight is told to be different from its neighbour.",
        "Start from small random numbers.",
        replace(SOUND, init_scale=0.0),
        SOUND,
        measure="grad_norm",
    ),
    "too_few_tokens": Failure(
        "Too few tokens for the size",
        "Its updates are slow and few: when its time is up, the twin is far below it, and the twin is the smaller one.",
        "Both get the same time. The large one needs longer for every token, and sees only a few of them.",
        "For a fixed budget there is a best size: neither the smallest nor the largest (see the scaling ladder).",
        replace(SOUND, seconds=25.0, model={**SOUND.model, "n_layers": 4, "n_heads": 4, "d_model": 256}),
        replace(SOUND, seconds=25.0),
    ),
}  # fmt: skip
