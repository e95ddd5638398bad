"""The sampling page: the settings reach the table, the button writes, a pinned token explains its draw."""


def press(at, label):
    return next(button for button in at.button if button.label == label).click().run()


def test_a_setting_becomes_a_stage(app):
    at = app("sampling", top_k="3")
    table = at.table[0].value
    assert table["Stage"].tolist() == ["the model", "top k 3"]
    assert int(table["Tokens kept"].iloc[1]) >= 3
    assert press(at, "All off").table[0].value["Stage"].tolist() == ["the model"]


def test_greedy_writing_ignores_the_seed(app):
    at = app("sampling", temperature="0", new_tokens="6", cursor="1")
    texts = []
    for seed in (1, 2):
        at.number_input(key="seed").set_value(seed).run()
        press(at, "Generate")
        assert not at.exception
        texts.append([step.id for step in at.session_state["written"][0]])
    assert texts[0] == texts[1] and 1 <= len(texts[0]) <= 6


def test_a_pinned_token_shows_its_draw(app):
    at = press(app("sampling", new_tokens="3"), "Generate")
    assert not at.metric
    at.session_state["generated_pin"] = 0
    at.run()
    assert not at.exception
    step = at.session_state["written"][0][0]
    assert at.metric[0].value == f"{step.rank + 1:,}"


def test_a_temperature_too_small_to_divide_by_is_greedy(app):
    at = app("sampling", temperature="1e-9")
    assert not at.exception
    assert at.table[0].value["Tokens kept"].iloc[-1] == "1"
