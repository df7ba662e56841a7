"""The printed number of a case (办件编号): the item's code, the day, and a serial; no hyphen and at most 50 characters.

The exchange tables give the serial four digits, which is one item of one office on one day. Here a serial is drawn
from one sequence for all items, so that no two filings wait for each other, and has nine.
"""

from datetime import date

SERIAL_DIGITS = 9


def case_number(item: str, day: date, serial: int) -> str:
    """The number of the case of an item, accepted on a legal day."""
    return f"{item}{day.year:04}{day.month:02}{day.day:02}{serial:0{SERIAL_DIGITS}}"
