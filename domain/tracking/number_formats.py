"""The tracking-number formats of carriers, and which of them stand behind each of Amazon's carrier codes.

Patterns, check-digit rules and country codes were gathered 2026-11-23 from the MIT-licensed courier data of the
`tracking_number_data` project (facts only). What `also` tolerates comes from the trade and has no check digit
here: it keeps doubts away and never suggests a carrier. Every pattern is meant for `fullmatch` on a number
without spaces and dashes, in capitals. Formats change, so all this may warn and never block.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """How the second group of a pattern is computed from the first."""

    NONE = "none"
    TEN_THREES = "mod 10, weights 3 1 from the right"
    TEN_THREES_91 = "the same with 91 before the number, as in the full barcode"
    TEN_TWOS = "mod 10, weights 1 2 from the right, letters counted as digits"
    TEN_TWOS_FIRST = "mod 10, weights 2 1 from the right, letters counted as digits"
    ELEVEN_TEN = "mod 11 then mod 10, weights 1 3 7 from the right"
    ELEVEN = "mod 11, weights 8 6 4 2 3 5 9 7, with 0 for 10 and 5 for 11"
    SEVEN = "remainder by 7"
    LUHN = "Luhn"
    MOD_37_36 = "ISO 7064 mod 37,36"


class Telling(StrEnum):
    """How much a fit says about who carries the parcel."""

    NOTHING = "nothing"  # many carriers' numbers look like this
    HINT = "hint"  # a prefix or a check digit: worth naming when the number does not fit its own carrier
    PROOF = "proof"  # nobody else's numbers begin so: worth naming even beside a carrier known in part only


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """One format: with a check digit, group 1 is what it is computed from and group 2 the digit."""

    family: str
    pattern: re.Pattern[str]
    check: Check
    telling: Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierForms:
    """What is known of the numbers sent under some of Amazon's carrier codes.

    A number that fits none of `families` nor `also` is doubted only when `own` fits: the shapes that are
    meant for a format of `families`. Where every number of the carrier is known, `own` fits everything.
    """

    codes: tuple[str, ...]
    called: str
    families: tuple[str, ...]
    also: re.Pattern[str]
    own: re.Pattern[str]
    words: str  # fits after "; "
    lengths: frozenset[int]  # those `words` speaks of


_COUNTRIES = (
    "AEAFAGALAMAOARATAUAZBABBBDBEBFBGBHBIBJBNBOBRBSBTBWBYBZCACDCFCGCHCICLCMCNCOCRCUCVCYCZDEDJDKDMDODZECEEEGERESETFIFJFR"
    "GAGBGDGEGHGMGNGQGRGTGWGYHKHNHRHTHUIDIEILINIQIRISITJMJOJPKEKGKHKIKMKNKPKRKWKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMGMKMLMM"
    "MNMRMTMUMVMWMXMYMZNANENGNINLNONPNRNZOMPAPEPGPHPKPLPTPYQARORSRURWSASBSCSDSESGSISKSLSMSNSOSRSSSTSVSYSZTDTGTHTJTLTMTN"
    "TOTRTTTVTZUAUGUSUYUZVAVCVEVNVUWSYEZAZMZW"
)
_COUNTRY = "|".join(re.findall("..", _COUNTRIES))
_ZIP = "(?:420(?:[0-9]{5}|[0-9]{9}))?"  # USPS barcodes may open with the destination's ZIP code
# In use, though not in the list above: Taiwan, China's exporters, islands.
_OTHER_POSTS = "[A-Z]{2}[0-9]{9}(?:TW|YP|JE|G[GL]|IM|[FP][FMOS]|NC|AW|CW)"

_C, _T = Check, Telling
_ROWS = (
    ("UPS", r"(1Z[A-Z0-9]{15})([0-9])", _C.TEN_TWOS, _T.PROOF),
    ("UPS", r"[AHJKTV]([0-9]{9})([0-9])", _C.TEN_TWOS, _T.HINT),
    ("FedEx", r"([0-9]{11})([0-9])", _C.ELEVEN_TEN, _T.HINT),
    ("FedEx", r"[0-8][0-9]{19}([0-9]{13})([0-9])", _C.ELEVEN_TEN, _T.HINT),
    ("FedEx", r"3[0-9]{15}([0-9]{11})([0-9])[0-9]{4}", _C.ELEVEN_TEN, _T.HINT),
    ("FedEx", r"([0-9]{14})([0-9])", _C.TEN_THREES, _T.HINT),
    # An SSCC, as anybody's carton has one; the data counts 15 digits before the check digit, the standard all 17.
    ("FedEx", r"([0-9]{17})([0-9])", _C.TEN_THREES, _T.NOTHING),
    ("FedEx", r"[0-9]{2}([0-9]{15})([0-9])", _C.TEN_THREES, _T.NOTHING),
    ("FedEx", r"96[0-9]{5}([0-9]{14})([0-9])", _C.TEN_THREES, _T.HINT),
    ("FedEx", r"96[0-9]{18}([0-9]{13})([0-9])", _C.ELEVEN_TEN, _T.HINT),
    ("USPS", r"([0-9]{19})([0-9])", _C.TEN_THREES, _T.HINT),
    ("USPS", rf"{_ZIP}([0-9]{{19}})([0-9])", _C.TEN_THREES_91, _T.HINT),
    ("USPS", rf"{_ZIP}(91[0-9]{{17}})([0-9])", _C.TEN_THREES, _T.HINT),
    ("USPS", rf"{_ZIP}(9[145][0-9]{{19}})([0-9])", _C.TEN_THREES, _T.HINT),
    ("USPS", rf"{_ZIP}(9[45][0-9]{{23}}|94[0-9]{{27}})([0-9])", _C.TEN_THREES, _T.HINT),
    ("USPS", rf"{_ZIP}(92[0-9]{{3}}9[0-9]{{15}}(?:[0-9]{{4}})?)([0-9])", _C.TEN_THREES, _T.HINT),
    ("USPS", rf"{_ZIP}(93[0-9]{{3}}[0-8][0-9]{{15}}(?:[0-9]{{4}})?)([0-9])", _C.TEN_THREES, _T.HINT),
    ("postal S10", rf"[A-Z]{{2}}([0-9]{{8}})([0-9])(?:{_COUNTRY})", _C.ELEVEN, _T.HINT),
    ("Canada Post", r"([0-9]{15})([0-9])", _C.TEN_THREES, _T.HINT),
    ("Canpar", r"[CDKLSUXZ][0-9]{21}", _C.NONE, _T.HINT),
    ("DHL Express", r"([0-9]{9,10})([0-9])", _C.SEVEN, _T.HINT),
    ("DHL Express", r"J[A-Z]{2,3}[0-9]{9,10}", _C.NONE, _T.HINT),
    ("DHL eCommerce", r"GM[0-9][0-9A-Z]{9,38}", _C.NONE, _T.HINT),
    ("DHL eCommerce", r"(?:LX|RX|UV|CN|SG|TH|IN|HK|MY)[0-9][0-9A-Z]{9,38}", _C.NONE, _T.NOTHING),
    ("DHL eCommerce", r"[0-9]{14}", _C.NONE, _T.NOTHING),
    ("DPD", r"([0-9]{27})([0-9A-Z])", _C.MOD_37_36, _T.HINT),
    ("DPD", r"([0-9]{14})([0-9A-Z])", _C.MOD_37_36, _T.HINT),
    ("Yodel", r"JJ?D[0-9]{16}", _C.NONE, _T.HINT),
    ("Amazon Logistics", r"TB[ACM][0-9]{12}", _C.NONE, _T.PROOF),
    ("Amazon Logistics", r"[AFC][0-9]{10}", _C.NONE, _T.NOTHING),
    ("LaserShip", r"L[AIEHNX][1-3][0-9]{7}", _C.NONE, _T.HINT),
    ("LaserShip", r"1LS7[12][0-9]{10}", _C.NONE, _T.HINT),
    ("LaserShip", r"1LS7[12][0-9]{2}01[1-4][0-9]{6}1", _C.NONE, _T.HINT),
    ("LaserShip", r"1LSCX[0-9A-Z]{10}", _C.NONE, _T.HINT),
    ("OnTrac", r"([CD][0-9]{13})([0-9])", _C.TEN_TWOS_FIRST, _T.HINT),
    ("Purolator", r"([0-5][0-9]{10})([0-9])", _C.LUHN, _T.HINT),
    ("Purolator", r"[A-Z]{3}[0-9]{9}", _C.NONE, _T.NOTHING),
    ("Old Dominion", r"((?:77[78]|072|780)[0-9]{7}|80[0-9]{8})([0-9])", _C.LUHN, _T.HINT),
    ("GOFO", r"GFUS[0-9]{14}", _C.NONE, _T.PROOF),
    ("Landmark", r"LTN[0-9]{8}N1", _C.NONE, _T.PROOF),
    ("Spee-Dee", r"SP[0-9]{18}", _C.NONE, _T.HINT),
    ("YunExpress", r"YT[0-9]{16}", _C.NONE, _T.HINT),
)

FORMATS = tuple(
    NumberFormat(family=family, pattern=re.compile(pattern), check=check, telling=telling)
    for family, pattern, check, telling in _ROWS
)


def _carrier(codes: str, families: str, *, words: str, also: str = "", own: str = ".*") -> CarrierForms:
    """A row of CARRIERS; `words` opens with the lengths it speaks of."""
    lengths, _, sentence = words.partition(": ")
    return CarrierForms(
        codes=tuple(codes.split("|")),
        called=codes.partition("|")[0],
        families=tuple(families.split("|")),
        also=re.compile(also),
        own=re.compile(own),
        words=sentence,
        lengths=frozenset(int(length) for length in lengths.split()),
    )


_S10_WORDS = "13: postal numbers of 13 characters are 2 letters, 9 digits and 2 letters of a country"
_S10_SHAPE = r"[A-Z]{2}[0-9]{9}[A-Z]{2}"
_POSTS = (
    "Royal Mail|ROYAL_MAIL|RMLGB",
    "Australia Post|AUSSIE_POST|Australia Post-ArticleId",
    "AT Post|AT POST",
)
_MORE_POSTS = (
    "BPOST|China Post|Correios|Correos|Deutsche Post|Emirates Post|EUB|Hongkong Post|India Post|Japan Post|"
    "Jersey Post|La Poste|Parcelforce|Polish Post|Post NL|Poste Italiane|PostNord|Singapore Post|Swiss post"
)

CARRIERS = (
    _carrier(
        "UPS",
        "UPS|USPS",  # the mail service hands SurePost and Mail Innovations parcels over
        also=r"[0-9]{9}|[0-9]{18}|[0-9]{26}|MI[0-9]{6}[0-9A-Z]{1,22}",
        words='18: UPS numbers are "1Z" and 16 more',
    ),
    _carrier(
        "UPS Mail Innovations|UPSMI",
        "UPS|USPS",
        own=r"1Z.{16}|(?:420(?:[0-9]{5}|[0-9]{9}))?9[1-5][0-9]{20}",
        words="18 22 30 34: numbers of UPS Mail Innovations that begin with 9 have 22 digits, or a ZIP code before",
    ),
    _carrier(
        "FedEx|FEDEX_JP",
        "FedEx|USPS",  # SmartPost ends with the mail service
        also=r"DT[0-9]{12}|[0-9]{20}|[0-9]{9}|GD[0-9]{9}WW",  # door tags, old SmartPost, TNT's in Europe
        words="12 15 20 22 34: FedEx numbers have 12, 15, 20, 22 or 34 digits",
    ),
    _carrier(
        "FedEx SmartPost",
        "FedEx|USPS",
        also=r"DT[0-9]{12}|[0-9]{20}",
        words="12 15 20 22: FedEx SmartPost numbers have 12, 15, 20 or 22 digits",
    ),
    _carrier(
        "USPS",
        "USPS|postal S10",
        also=rf"{_OTHER_POSTS}|82[0-9]{{8}}",
        words="13 20 22 26 30 34: USPS numbers have 20 to 34 digits, or 9 digits between two pairs of letters",
    ),
    _carrier(
        "DHL Express",
        "DHL Express",
        also=r"J[A-Z]{1,3}[0-9]{9,20}",
        own=r"[0-9]{10,11}|[A-Z]{3}[0-9]{10}",
        words='10 11 13: DHL Express numbers are 10 or 11 digits, or begin with "J"',
    ),
    _carrier(
        "DHL",
        "DHL Express|DHL eCommerce|postal S10|USPS",
        own=r"[0-9]{10}",
        words="10: DHL numbers of 10 digits end with a check digit",
    ),
    _carrier(
        "DHL eCommerce|DHL Global Mail",
        "DHL eCommerce|DHL Express|postal S10|USPS",
        also=rf"{_OTHER_POSTS}|J[A-Z]{{1,3}}[0-9]{{9,20}}|[0-9]{{10,12}}|00[0-9]{{18}}|3S.{{8,20}}|[A-Z]{{5,7}}[0-9]{{10,}}",
        words='14: DHL eCommerce numbers begin with "GM" or have 14 digits or are the mail service\'s own',
    ),
    _carrier(
        "DPD|DPD Local|Interlink|Exapaq",
        "DPD",
        own=r"[0-9]{14}[A-Z]|[0-9]{27}[0-9A-Z]",
        words="14 15 28: DPD numbers end with a check character",
    ),
    _carrier(
        "OnTrac",
        "OnTrac|LaserShip",  # one company since 2021
        also=r"C4[0-9]{13}|D5[0-9]{13}",  # the source counts these another way
        own=r"[CD][0-9]{14}",
        words='15: OnTrac numbers that begin with "C" or "D" have 14 digits after it',
    ),
    _carrier(
        "Lasership",
        "LaserShip|OnTrac",
        also=r"L[AIEHNX][0-9]{9}[A-Z]{2}",
        own=r"L[AIEHNX].{8,9}|1LS7.*",
        words='10 15 18: LaserShip numbers are "LX" and 8 digits or begin with "1LS"',
    ),
    _carrier(
        "Canada Post",
        "Canada Post|postal S10",
        also=_OTHER_POSTS,
        own=rf"[0-9]{{16}}|{_S10_SHAPE}",
        words="13 16: Canada Post numbers have 16 digits, or 9 digits between two pairs of letters",
    ),
    _carrier(
        "PUROLATOR",
        "Purolator",
        own=r"[0-5][0-9]{11}|[A-Z]{2}[0-9]{9}",
        words="12: Purolator numbers have 12 digits, or 3 letters and 9 digits",
    ),
    _carrier(
        "Old Dominion",
        "Old Dominion",
        own=r"(?:77[78]|072|780|80[0-9])[0-9]{8}",
        words="11: Old Dominion numbers of 11 digits end with a check digit",
    ),
    _carrier(
        "Yodel",
        "Yodel|postal S10",
        own=r"J.*",
        words='18 19: Yodel numbers that begin with "J" are "JD" or "JJD" and 16 digits',
    ),
    _carrier(
        "Amazon Shipping|AMZL|AMZL_UK|AMAZON HORIZON|ATS",
        "Amazon Logistics",
        own=r"TB[ACM].*",
        words='15: Amazon Logistics numbers are "TBA", "TBM" or "TBC" and 12 digits',
    ),
    _carrier("Landmark", "Landmark", own=r"LTN.*", words='13: Landmark numbers are "LTN", 8 digits and "N1"'),
    _carrier(
        "Yun Express", "YunExpress", own=r"YT[0-9]*", words='18: Yun Express numbers are "YT" and 16 digits'
    ),
    *(
        _carrier(codes, "postal S10", also=_OTHER_POSTS, own=_S10_SHAPE, words=_S10_WORDS)
        for codes in (*_POSTS, *_MORE_POSTS.split("|"))
    ),
)
