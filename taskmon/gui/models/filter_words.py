"""Splits the text of the filter box into its words: quotes, `key:value`, `-excluded`, `/regex/`."""

from __future__ import annotations

from typing import Final, NamedTuple

_KEY_END: Final = ":"


class FilterWord(NamedTuple):
    """One word of a filter. `key` is empty for a plain word; `exact` for `key:=value`; `negated` for `-word`."""

    value: str
    key: str = ""
    negated: bool = False
    exact: bool = False
    regex: bool = False


class _Reader:
    """Reads words from left to right; what is left open at the end (a quote, a regex) ends there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def words(self) -> list[FilterWord]:
        found: list[FilterWord] = []
        while self._skip_spaces():
            word = self._word()
            if word.value:
                found.append(word)
        return found

    def _skip_spaces(self) -> bool:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at < len(self._text)

    def _take(self, letter: str) -> bool:
        if self._text.startswith(letter, self._at):
            self._at += 1
            return True
        return False

    def _word(self) -> FilterWord:
        negated = self._take("-")
        key = self._key()
        exact = bool(key) and self._take("=")
        if self._take('"'):
            return FilterWord(self._until('"', escapes='\\"'), key, negated, exact)
        if not exact and self._take("/"):
            return FilterWord(self._until("/", escapes="/"), key, negated, regex=True)
        return FilterWord(self._bare(), key, negated, exact)

    def _key(self) -> str:
        """The letters before a colon; nothing where the word is not of that form."""
        end = self._at
        while end < len(self._text) and self._text[end].isalpha():
            end += 1
        if end == self._at or not self._text.startswith(_KEY_END, end):
            return ""
        key, self._at = self._text[self._at : end], end + 1
        return key.lower()

    def _bare(self) -> str:
        start = self._at
        while self._at < len(self._text) and not self._text[self._at].isspace():
            self._at += 1
        return self._text[start : self._at]

    def _until(self, closing: str, escapes: str) -> str:
        """The letters up to `closing`; a backslash before one of `escapes` makes it an ordinary letter."""
        letters: list[str] = []
        while self._at < len(self._text):
            letter = self._text[self._at]
            following = self._text[self._at + 1 : self._at + 2]
            if letter == "\\" and following and following in escapes:
                letters.append(following)
                self._at += 2
                continue
            self._at += 1
            if letter == closing:
                break
            letters.append(letter)
        return "".join(letters)


def split_filter(text: str) -> list[FilterWord]:
    """The words of a filter text; words without a value, as while typing `status:`, are left out."""
    return _Reader(text).words()
