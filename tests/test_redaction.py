"""No secret of a pipeline is shown, and everything else is shown as it was written."""

import pytest
import yaml

from smoltalk.redaction import holds_secret, is_sensitive, redact, redact_setting, redact_word, redact_yaml

SECRET = "s3cr3t-value"

HIDDEN = [
    f"api_key: {SECRET}",
    f'{{vllm: {{model: m, apiKey: "{SECRET}"}}}}',
    f"headers:\n  Authorization: Bearer {SECRET}\n  other: x",
    f"secrets: [{SECRET}, b]",
    f"password: |\n  {SECRET}\n  more\nafter: 1",
    f"a: &x {{token: {SECRET}}}\ncredentials: *x",
    f"secret: &x {SECRET}\nplain: *x",
    f"url: https://me:{SECRET}@example.org/v1",
    f"url: https://example.org/v1?model=a&api_key={SECRET}&b=1",
    f"a: 1  # password={SECRET}",
    f"a: hf_{SECRET.replace('-', '')}abcdefgh",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_secrets_are_hidden_and_the_rest_is_still_yaml(text: str) -> None:
    shown = redact_yaml(text)
    assert SECRET not in shown and SECRET.replace("-", "") not in shown and "(redacted)" in shown
    yaml.safe_load(shown)


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens: 512",
        "a: &x [1, 2]\nb: *x\n",
        "monkey: b  # a note",
        "url: https://example.org/v1?q=1",
        "key: 5",
        "",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_yaml(text) == text


def test_settings_are_hidden_by_their_last_name_and_by_their_value() -> None:
    assert redact_setting("engines.a.api_key", SECRET) == "(redacted)"
    assert SECRET not in redact_setting("engines.a", f"{{openai: {{token: {SECRET}}}}}")
    assert redact_setting("target.accepted", "100") == "100"
    assert redact_setting("steps.0.max_tokens", "5") == "5"


def test_names_are_read_word_by_word() -> None:
    assert all(map(is_sensitive, ("api_key", "apiKey", "HF_TOKEN", "client-secret", "auth")))
    assert not any(map(is_sensitive, ("max_tokens", "monkey", "keep", "author", "tokenizer")))


def test_the_name_of_an_environment_variable_is_no_secret() -> None:
    assert not any(map(is_sensitive, ("api_key_env", "apiKeyEnv", "HF_TOKEN_ENV")))
    assert is_sensitive("env_password")
    assert redact_yaml("{openai: {api_key_env: OPENAI_API_KEY}}") == "{openai: {api_key_env: OPENAI_API_KEY}}"


def test_home_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert redact("path: /home/somebody/models") == "path: ~/models"


def test_a_home_folder_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert not holds_secret("/home/somebody/models") and holds_secret(f"https://me:{SECRET}@example.org")


def test_words_of_a_command_line_lose_their_secrets_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    said = redact_word("openai: {model: x, base_url: http://h, api_key: sk-SECRET123456789}")
    assert "SECRET" not in said and "http://h" in said
    assert redact_word("hub_token=abc") == "hub_token=(redacted)"
    assert "abcdef" not in redact_word("x=hf_abcdefabcdefabcdef")
    for word in ("--set", "data.run=runs/x", "/home/someone/models/x", "exact: {data: /home/someone/x.jsonl}"):
        assert redact_word(word) == word
