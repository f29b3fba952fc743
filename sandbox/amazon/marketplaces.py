"""Marketplaces and carriers that the simulated Amazon knows."""

# id -> (name, country, currency); ids from Amazon's "Marketplace IDs" page.
MARKETPLACES: dict[str, tuple[str, str, str]] = {
    "ATVPDKIKX0DER": ("Amazon.com", "US", "USD"),
    "A2EUQ1WTGCTBG2": ("Amazon.ca", "CA", "CAD"),
    "A1F83G8C2ARO7P": ("Amazon.co.uk", "GB", "GBP"),
    "A1PA6795UKMFR9": ("Amazon.de", "DE", "EUR"),
    "A13V1IB3VIYZZH": ("Amazon.fr", "FR", "EUR"),
    "APJ6JRA9NG5V4": ("Amazon.it", "IT", "EUR"),
    "A1RKKUPIHCS9HS": ("Amazon.es", "ES", "EUR"),
    "A1805IZSGTT6HS": ("Amazon.nl", "NL", "EUR"),
    "AMEN7PMS3EDWL": ("Amazon.com.be", "BE", "EUR"),
    "A2NODRKZP88ZB9": ("Amazon.se", "SE", "SEK"),
    "A1C3SOZRARQ6R3": ("Amazon.pl", "PL", "PLN"),
    "A28R8C7NBKEWEA": ("Amazon.ie", "IE", "EUR"),
    "A1VC38T7YXB528": ("Amazon.co.jp", "JP", "JPY"),
    "A39IBJ37TRP1C6": ("Amazon.com.au", "AU", "AUD"),
}

# Carrier codes that the simulated confirmShipment accepts, to the character. A small part of the options
# that Seller Central offers; the live list differs by marketplace and is seen only after login.
_CARRIERS = """
4PX, APC Overnight, Amazon Shipping, Aramex, Arrow XL, Asendia, Australia Post, BRT, Canada Post, China Post
Chronopost, Correos, Correos Express, DHL, DHL eCommerce, DHL Express, DHL Global Mail, DHL Parcel UK, DPD
DPD Local, DX, DX Freight, Deutsche Post, FedEx, FedEx SmartPost, GLS, Hermes, Hermes UK
Hermes Logistik Gruppe, InPost, Japan Post, La Poste, Lasership, MRW, Newgistics, OSM, OnTrac, Other
Parcelforce, Parcelhub, Post NL, PostNord, Poste Italiane, Royal Mail, SDA, SF Express, SagawaExpress
Singapore Post, Streamlite, TNT, Target, Tuffnells, UPS, UPS Mail Innovations, UPSMI, USPS, Whistl
YamatoTransport, Yanwen, Yodel
"""
CARRIERS: frozenset[str] = frozenset(name.strip() for name in _CARRIERS.replace("\n", ",").split(",") if name)
