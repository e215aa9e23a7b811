"""Who is on the pictures, and the words of their documents: no real company, no real person."""

from typing import NamedTuple

PASSWORD = "harbour-lamp-42"
COMPANY = {
    "name": "Brightwater Supplies",
    "email": "service@brightwater.example",
    "phone": "+32 2 555 01 20",
    "website": "https://brightwater.example",
    "street": "Quay 12",
    "city": "Ghent",
    "zip": "9000",
}


# The company of the administrator's pages, and how its contacts stand with the portal.
MANAGED = "Northern Tea Rooms"
STANDS = {
    "active": ("Olivia Grant", "olivia@tearooms.example"),
    "ending": ("Peter Quinn", "peter@tearooms.example"),
    "invited": ("Ruth Sims", "ruth@tearooms.example"),
    "expired": ("Simon Ward", "simon@tearooms.example"),
    "revoked": ("Tess Young", "tess@tearooms.example"),
    "ready": ("Adam Bell", "adam@tearooms.example"),
    "no_email": ("Beth Cole", False),
    "invalid": ("Carl Dean", "carl at tearooms"),
}


class Person(NamedTuple):
    """A company that is a customer, and its people: each with name and email."""

    lang: str
    country: str
    company: str
    company_email: str
    main: tuple[str, str]
    second: tuple[str, str]
    invited: tuple[str, str]
    street: str
    street2: str
    zip: str
    city: str
    phone: str
    phone2: str
    phone3: str


PEOPLE = {
    "en": Person(
        "en_US", "base.ie", "Harbour Bakery", "office@harbour-bakery.example",
        ("Emma Clarke", "emma@harbour-bakery.example"), ("Tom Byrne", "tom@harbour-bakery.example"),
        ("Grace Doyle", "grace@harbour-bakery.example"),
        "14 Quay Street", "3 Mill Lane", "H91 X2K7", "Galway", "+353 91 555 010", "+353 91 555 020", "+353 91 555 030",
    ),
    "de": Person(
        "de_DE", "base.de", "Bäckerei Sonnenfeld", "buero@sonnenfeld.example",
        ("Anna Keller", "anna@sonnenfeld.example"), ("Jonas Weber", "jonas@sonnenfeld.example"),
        ("Lena Vogel", "lena@sonnenfeld.example"),
        "Lindenweg 14", "Mühlenstraße 3", "50667", "Köln", "+49 221 555010", "+49 221 555020", "+49 221 555030",
    ),
    "fr": Person(
        "fr_FR", "base.fr", "Boulangerie du Port", "bureau@boulangerie-du-port.example",
        ("Claire Moreau", "claire@boulangerie-du-port.example"), ("Hugo Petit", "hugo@boulangerie-du-port.example"),
        ("Zoé Lambert", "zoe@boulangerie-du-port.example"),
        "14 rue du Port", "3 chemin du Moulin", "44000", "Nantes", "+33 2 55 50 10 10", "+33 2 55 50 10 20",
        "+33 2 55 50 10 30",
    ),
    "it": Person(
        "it_IT", "base.it", "Panificio del Sole", "ufficio@panificio-del-sole.example",
        ("Giulia Ferri", "giulia@panificio-del-sole.example"), ("Marco Gallo", "marco@panificio-del-sole.example"),
        ("Sara Conti", "sara@panificio-del-sole.example"),
        "Via del Porto 14", "Via del Mulino 3", "16121", "Genova", "+39 010 555010", "+39 010 555020",
        "+39 010 555030",
    ),
    "nl": Person(
        "nl_NL", "base.nl", "Bakkerij De Linde", "kantoor@bakkerij-de-linde.example",
        ("Sanne Visser", "sanne@bakkerij-de-linde.example"), ("Bram Smit", "bram@bakkerij-de-linde.example"),
        ("Lotte Bakker", "lotte@bakkerij-de-linde.example"),
        "Havenstraat 14", "Molenweg 3", "3011 AB", "Rotterdam", "+31 10 555 0110", "+31 10 555 0120",
        "+31 10 555 0130",
    ),
}  # fmt: skip

WORDS = {
    "en": {
        "consulting": "Consulting", "installation": "Installation", "training": "Training", "shelf": "Display shelf",
        "project": "New shop", "tasks": ("Plan of the kitchen", "Opening day"), "maintenance": "Maintenance",
        "tickets": ("An invoice is missing", "How do I add a second contact?"), "monthly": "Monthly",
        "warehouse": "Warehouse", "accounting": "Accounting", "ewallet": "eWallet", "two_parts": "In two parts",
    },
    "de": {
        "consulting": "Beratung", "installation": "Montage", "training": "Schulung", "shelf": "Verkaufsregal",
        "project": "Neuer Laden", "tasks": ("Plan der Küche", "Eröffnungstag"), "maintenance": "Wartung",
        "tickets": ("Eine Rechnung fehlt", "Wie füge ich einen Kontakt hinzu?"), "monthly": "Monatlich",
        "warehouse": "Lager", "accounting": "Buchhaltung", "ewallet": "E-Geldbörse", "two_parts": "In zwei Teilen",
    },
    "fr": {
        "consulting": "Conseil", "installation": "Installation", "training": "Formation", "shelf": "Présentoir",
        "project": "Nouvelle boutique", "tasks": ("Plan de la cuisine", "Jour d'ouverture"),
        "maintenance": "Maintenance", "tickets": ("Il manque une facture", "Comment ajouter un contact ?"),
        "monthly": "Mensuel", "warehouse": "Entrepôt", "accounting": "Comptabilité", "ewallet": "E-wallet",
        "two_parts": "En deux fois",
    },
    "it": {
        "consulting": "Consulenza", "installation": "Installazione", "training": "Formazione", "shelf": "Espositore",
        "project": "Nuovo negozio", "tasks": ("Piano della cucina", "Giorno di apertura"),
        "maintenance": "Manutenzione", "tickets": ("Manca una fattura", "Come aggiungo un contatto?"),
        "monthly": "Mensile", "warehouse": "Magazzino", "accounting": "Contabilità", "ewallet": "eWallet",
        "two_parts": "In due rate",
    },
    "nl": {
        "consulting": "Advies", "installation": "Installatie", "training": "Training", "shelf": "Winkelrek",
        "project": "Nieuwe winkel", "tasks": ("Plan van de keuken", "Openingsdag"), "maintenance": "Onderhoud",
        "tickets": ("Er ontbreekt een factuur", "Hoe voeg ik een contactpersoon toe?"), "monthly": "Maandelijks",
        "warehouse": "Magazijn", "accounting": "Boekhouding", "ewallet": "eWallet", "two_parts": "In twee delen",
    },
}  # fmt: skip
