"""Columns of texts that look like dates or numbers, and how a column is converted."""

import re
import warnings
from itertools import islice

# Only the first known cells of a column are looked at.
_CELLS = 1000
_NEARLY_ALL = 0.95
# Share of the numbers that need a comma, a sign of a currency or the like, so that they are no codes.
_NOTED = 0.1

_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?(?:Z|[AP]M|[+-]\d{2}:?\d{2}))?)?"
_YEAR_FIRST = re.compile(rf"\d{{4}}([-/])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01]){_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([./-])(\d{{1,2}})\2\d{{4}}{_TIME}")

# Other texts become gaps.
_GAPS = ', errors="coerce"'

_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
_UNIT = r"(?:[€$£¥%‰]|CHF|EUR|GBP|USD)"
_SPACE = "[ \u00a0\u202f]"
# A code such as 01069 is no number, and digits in groups between spaces may be a telephone number.
_DIGITS = r"(?:0|[1-9]\d*|[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:,\d{3})+|(?:['’]\d{3})+))(?:[.,]\d+)?"
_SPACED = rf"[1-9]\d{{0,2}}(?:{_SPACE}\d{{3}})+[.,]\d+"
_SIGNS = rf"(?:{_UNIT}{_SPACE}?)?[+−-]?{_SPACE}?(?:{_UNIT}{_SPACE}?)?"
_NUMBER = re.compile(rf"{_SIGNS}(?:{_DIGITS}|{_SPACED})(?:{_SPACE}?{_UNIT})?")


def warn_of_texts(columns, X, stacklevel):
    """Warn of each column of texts whose cells look like dates or like numbers in another notation."""
    for name, cells in columns:
        if not isinstance(cells, list):
            continue
        texts = (cell.strip() for cell in cells if cell is not None)
        texts = list(islice((text for text in texts if text), _CELLS))
        message = _of_dates(name, texts, X) or _of_numbers(name, texts)
        if message:
            warnings.warn(message, UserWarning, stacklevel=stacklevel + 1)


def advice(message, X):
    """How to convert the column that an error is about, or an empty text."""
    found = re.match(r'column "(.*?)"[ ,].*?(?:found "(.*)"|holds (\w+)), expected (?:a )?(date|number|categor)', message)
    name, cell, kind, expected = found.groups() if found else (None, None, None, None)
    column = f'X["{name}"]'
    if expected == "date" and kind not in ("numbers", "booleans"):
        options = _of_to_datetime([cell]) if cell else ""
        if cell and not _YEAR_FIRST.fullmatch(cell) and not _YEAR_LAST.fullmatch(cell):
            options += _GAPS
        return _assigned(name, X, f"pd.to_datetime({column}{options})", "str.to_datetime()")
    if expected == "number" and kind != "dates":
        if cell and re.fullmatch(r"[+-]?[\d.]+,\d+", cell):
            texts = f'{column}.str.replace(".", "").str.replace(",", ".")'
            of_polars = 'str.replace_all(".", "", literal=True).str.replace(",", ".").cast(pl.Float64)'
            return _assigned(name, X, f"pd.to_numeric({texts})", of_polars)
        of_polars = f"cast(pl.Float64{', strict=False' if cell else ''})"
        return _assigned(name, X, f"pd.to_numeric({column}{_GAPS if cell else ''})", of_polars)
    if expected == "categor" and kind == "numbers":
        zeros = f' (pd.read_csv with dtype={{"{name}": str}} also keeps zeros at the front)'
        return _assigned(name, X, f'{column}.astype("string")', "cast(pl.String)") + ("" if _is_polars(X) else zeros)
    return ""


def _of_dates(name, texts, X):
    if not _are_nearly_all(_YEAR_FIRST, texts) and not _are_nearly_all(_YEAR_LAST, texts):
        return None
    options = _of_to_datetime(texts)
    how = f"pd.to_datetime(...{options})" if options else "pd.to_datetime"
    how = "Series.str.to_datetime" if _is_polars(X) else how
    return f'column "{name}" holds texts that look like dates, which are words here: {how} makes dates of them'


def _of_numbers(name, texts):
    if not _are_nearly_all(_NUMBER, texts):
        return None
    noted = [text for text in texts if not _PLAIN.fullmatch(text)]
    if len(noted) < _NOTED * len(texts):
        return None
    return (
        f'column "{name}" holds texts that look like numbers, such as "{noted[0]}", which are words here: '
        "remove signs and separators and write a decimal point, then pd.to_numeric makes numbers of them"
    )


def _are_nearly_all(pattern, texts):
    return len(texts) > 0 and sum(pattern.fullmatch(text) is not None for text in texts) >= _NEARLY_ALL * len(texts)


def _of_to_datetime(texts):
    """The options with which pandas reads the dates; without them it expects the month first."""
    dates = [found for found in map(_YEAR_LAST.fullmatch, texts) if found]
    return ", dayfirst=True" if any(found[2] == "." or int(found[1]) > 12 for found in dates) else ""


def _assigned(name, X, of_pandas, of_polars):
    if _is_polars(X):
        return f': X = X.with_columns(pl.col("{name}").{of_polars})'
    return f': X["{name}"] = {of_pandas}' if hasattr(X, "columns") else ""


def _is_polars(X):
    return type(X).__module__.partition(".")[0] == "polars"
