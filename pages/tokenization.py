"""How a text becomes tokens: the strip, one token close up, the merges that built it, and other tokenizers."""

import streamlit as st

from core.figures import tokenization as figures
from core.text import Piece, Tokenizer, public_encoding
from core.text.bpe import replay
from pages.ui import components
from pages.ui.caption import page_header, truth, try_it, what_you_see
from pages.ui.text import chip, visible
from pages.ui.view import View, current

CAP = 60  # bytes of a chunk whose merges are drawn
PUBLIC = {"gpt2": "GPT-2", "cl100k_base": "GPT-4", "o200k_base": "GPT-4o"}


@st.cache_resource(show_spinner="Reading a public tokenizer …")
def public(name: str) -> Tokenizer:
    return public_encoding(name)


def label(data: bytes) -> str:
    """Bytes as the figure shows them: as text where they are whole characters, else in hex."""
    try:
        return visible(data.decode())
    except UnicodeDecodeError:
        return data.hex(" ").upper()


def close_up(view: View, piece: Piece, position: int) -> None:
    shown, tokenizer = chip(piece), view.tokenizer
    rank = tokenizer.ranks.get(piece.bytes)
    merge = next((m for m in tokenizer.bpe.merges if m.rank == rank), None) if tokenizer.bpe else None
    single = len(piece.bytes) == 1
    facts = (
        ("Token", shown.label),
        ("Id", f"{piece.id:,}"),
        ("Bytes, in hex", shown.hex),
        ("Byte offset", f"{piece.start:,}" if single else f"{piece.start:,} to {piece.end - 1:,}"),
        ("Merge rank", "none: a byte" if single or rank is None else f"{rank:,}"),
    )
    for column, (name, value) in zip(st.columns([2, 1, 3, 2, 2]), facts, strict=True):
        with column:
            st.caption(name)
            st.text(value)
    if merge is not None:
        st.caption(f"This merge was learned because its two halves stood side by side {merge.count:,} times.")
    note = f"position {position} of your text, list of {tokenizer.vocab_size:,} tokens"
    truth("piece", (len(piece.bytes),), note, view.code + f"tokenizer.pieces({view.text!r})[{position - 1}]")


def building(view: View, group: list[Piece], piece: Piece) -> None:
    part = figures.around(group, piece, CAP)
    data = b"".join(p.bytes for p in part)
    if len(data) > CAP:
        st.info(f"This token has {len(data)} bytes: its merges are too many to draw.")
        return
    steps = replay(view.tokenizer.ranks, data)
    labels = {p: label(p) for step in steps for p in step}
    figure = figures.merges(steps, labels, view.tokenizer.ranks, part[0].start, (piece.start, piece.end))
    components.plot(figure, key="merges", height=60 + figures.ROW * len(steps), title="Merges, from bytes to tokens")
    merged = f"{len(steps) - 1} merge{'' if len(steps) == 2 else 's'}" if len(steps) > 1 else "nothing to merge"
    cut = "" if len(part) == len(group) else f"; {len(part)} of the {len(group)} tokens of a long chunk"
    code = view.code + f"from core.text.bpe import replay\n\nreplay(tokenizer.ranks, {data!r})"
    truth("replay(ranks, chunk)", (len(steps), "parts"), f"{len(data)} bytes, {merged}{cut}", code)


@st.fragment
def cutting() -> None:
    view = current()
    components.tokens(view.chips, key="tokens", cursor=view.cursor, ids=True)
    truth("ids", (len(view.ids),), "your text, after the start token", view.code.rsplit("trace", 1)[0] + "ids")
    pieces = figures.located([(id, view.tokenizer.token_bytes(id)) for id in view.ids[1:]])
    chunks = figures.groups(pieces, [len(part.encode()) for part in view.tokenizer.split(view.text)])
    if view.cursor == 0:
        st.subheader("The start token", anchor=False)
        st.markdown("It is not part of your text: every document in training began after it. Pin another token.")
        return
    piece = pieces[view.cursor - 1] if view.cursor else max(chunks, key=len)[0]  # unpinned: the most broken word
    group = next(group for group in chunks if piece in group)
    st.subheader(
        "One token, close up" if view.cursor else "Where your text is cut most; pin any other token", anchor=False
    )
    close_up(view, piece, pieces.index(piece) + 1)
    st.subheader("How it was put together", anchor=False)
    building(view, group, piece)
    what_you_see(
        "First the text is split into chunks: roughly, a word with the space before it. Each chunk starts as single "
        "bytes. In every row the two neighbours whose joined form has the **lowest rank**, the one learned earliest, "
        "become one :blue[part]; the frame marks the token shown above. When "
        "no neighbours form a known token, the parts that remain are the tokens."
    )


def comparing(view: View) -> None:
    st.subheader("The same text, cut by others", anchor=False)
    try:
        tokenizers = {"This model": view.tokenizer} | {title: public(key) for key, title in PUBLIC.items()}
    except ValueError as error:  # TokenizerError: a package with the ranks is missing or altered
        st.warning("The public tokenizers cannot be read here.")
        st.text(str(error))
        return
    cuts = {title: tokenizer.pieces(view.text) for title, tokenizer in tokenizers.items()}
    size = len(view.text.encode())
    figure = figures.counts(list(cuts), [len(pieces) for pieces in cuts.values()], size)
    components.plot(figure, key="counts", height=220, title="Tokens and bytes per token of four tokenizers")
    code = view.code.rsplit("trace", 1)[0] + (
        "from core.text import PUBLIC_ENCODINGS, public_encoding\n\n"
        f"[len(t.encode({view.text!r})) for t in (tokenizer, *map(public_encoding, PUBLIC_ENCODINGS))]"
    )
    truth("len(tokenizer.encode(text))", (len(cuts),), f"your text, {size:,} bytes, no start token", code)
    columns = [column for _ in range(2) for column in st.columns(2, gap="medium")]
    for column, (title, pieces), key in zip(columns, cuts.items(), ("own", *PUBLIC), strict=True):
        with column, st.container(border=True):
            size = tokenizers[title].vocab_size
            st.caption(f"**{title}**{f' (`{key}`)' if key in PUBLIC else ''} · a list of {size:,} tokens")
            components.tokens([chip(p) for p in pieces], key=f"cut_{key}", title=f"Cut by {title}", shared=False)


page_header("How is your text cut into pieces?", "A model reads numbers, not letters. Pin a token to see its making.")
cutting()
comparing(current())
try_it(
    "A family emoji is one sign on the screen. How many bytes does this model's tokenizer have to spell?",
    "18: three people of 4 bytes each, and two invisible joiners of 3. A list that met few emoji has few tokens longer "
    "than a byte for them; the bars above show what each tokenizer pays.",
    label="Break an emoji",
    key="tokenization_emoji",
    update={"text": "👩‍👩‍👧", "cursor": 1},
)
