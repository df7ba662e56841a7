"""The check characters of the national numbers, each from the body of the number alone.

Every function trusts its caller to have checked the body's alphabet first: a foreign character is a `ValueError`.
"""

from enum import Enum

_DECIMAL = "0123456789"
_TEN_AS_X = "0123456789X"
_LETTERED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of a unified social credit code: no I, O, S, V, Z (GB 32100)."""


class Verdict(Enum):
    """What an examination found, where policy and not the parser has the last word."""

    VALID = "valid"
    CHECKSUM_FAILED = "checksum_failed"
    MALFORMED = "malformed"


def mod_11_2(digits: str) -> str:
    """The check of GB 11643 over 17 digits: ISO 7064 MOD 11-2, a digit or `X` for ten.

    Catches every wrong character and every swap of two neighbours.
    """
    product = 0
    for digit in digits:
        product = (product + _DECIMAL.index(digit)) * 2 % 11
    return _TEN_AS_X[(1 - product) % 11]


def mod_31_3(body: str) -> str:
    """The check of GB 32100 over 17 characters: weights are the powers of 3 modulo 31.

    A sum divisible by 31 gives `0` (31 - 0 is no character), a remainder of 1 gives `Y`. Catches every wrong
    character and every swap of two neighbours.
    """
    total, weight = 0, 1
    for character in body:
        total += USCC_ALPHABET.index(character) * weight
        weight = weight * 3 % 31
    return USCC_ALPHABET[-total % 31]


_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def gb_11714(body: str) -> str:
    """The check of an organisation code (GB 11714) over its 8 characters: a digit or `X` for ten; eleven gives `0`."""
    total = sum(
        _LETTERED.index(character) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    return _TEN_AS_X[-total % 11]


def mod_37_36(body: str) -> str:
    """The check of a certificate identifier (GB/T 36904): ISO 7064 MOD 37,36 over digits and upper-case letters.

    Catches every wrong character, and swaps of two neighbours unless they stand side by side in the alphabet
    (0 and Z included), where one swap in 36 passes: a hybrid system promises no more.
    """
    product = 36
    for character in body:
        product = ((product + _LETTERED.index(character)) % 36 or 36) * 2 % 37
    return _LETTERED[(37 - product) % 36]
