"""What the cards of the two invented museums tell of: objects, materials, places and remarks, English and French."""

from collections.abc import Mapping
from dataclasses import dataclass

Words = Mapping[str, str]  # language -> wording


@dataclass(frozen=True)
class Find:
    """A kind of object: the figure that draws it, its names, what it may be made of, and its lengths in millimetres."""

    figure: str
    names: Words
    materials: tuple[str, ...]
    length_mm: tuple[int, int]


def _find(figure: str, english: str, french: str, materials: str, low_mm: int, high_mm: int) -> Find:
    return Find(figure, {"en": english, "fr": french}, tuple(materials.split()), (low_mm, high_mm))


FINDS: tuple[Find, ...] = (
    _find("socketed axe", "Socketed axe", "Hache à douille", "bronze", 78, 135),
    _find("sword", "Leaf-shaped sword", "Épée à lame pistilliforme", "bronze", 480, 690),
    _find("brooch", "Bow brooch", "Fibule à arc", "bronze iron", 42, 96),
    _find("pot", "Globular urn", "Urne globulaire", "pottery", 160, 310),
    _find("arrowhead", "Barbed arrowhead", "Pointe de flèche à ailerons", "stone", 21, 44),
    _find("spearhead", "Spearhead", "Pointe de lance", "bronze iron", 130, 260),
    _find("pin", "Ring-headed pin", "Épingle à tête annulaire", "bronze bone", 82, 190),
    _find("ring", "Finger ring", "Bague", "gold bronze", 19, 26),
    _find("dagger", "Riveted dagger", "Poignard à rivets", "bronze", 140, 265),
    _find("flat axe", "Polished axe", "Hache polie", "stone", 90, 215),
    _find("comb", "Comb", "Peigne", "bone", 70, 120),
    _find("jug", "Handled jug", "Cruche à anse", "pottery", 150, 260),
    _find("whorl", "Spindle whorl", "Fusaïole", "pottery stone bone", 24, 46),
    _find("flat axe", "Flat axe", "Hache plate", "bronze", 85, 150),
    _find("sword", "Long sword", "Épée longue", "iron", 610, 890),
    _find("pin", "Dress pin", "Épingle de parure", "bronze gold", 74, 160),
    _find("ring", "Bracelet, plain", "Bracelet lisse", "bronze gold", 58, 78),
    _find("pot", "Food vessel", "Vase à provisions", "pottery", 110, 190),
    _find("spearhead", "Javelin head", "Pointe de javelot", "iron", 90, 170),
    _find("dagger", "Dagger blade", "Lame de poignard", "iron bronze", 130, 240),
    _find("arrowhead", "Tanged arrowhead", "Flèche à pédoncule", "stone", 24, 52),
    _find("brooch", "Brooch with coiled spring", "Fibule à ressort", "bronze", 38, 88),
)

MATERIALS: Mapping[str, Words] = {
    "bronze": {"en": "Bronze", "fr": "Bronze"},
    "iron": {"en": "Iron", "fr": "Fer"},
    "gold": {"en": "Gold", "fr": "Or"},
    "pottery": {"en": "Pottery", "fr": "Terre cuite"},
    "stone": {"en": "Stone", "fr": "Pierre"},
    "bone": {"en": "Bone", "fr": "Os"},
}

FINDSPOTS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Gravel pit, Nether Aldersby",
        "River Wend, below the weir",
        "Long Barrow Field, Thornmoor",
        "Peat cutting on Mossgate Fen",
        "Garden of the old rectory, Ulverby",
        "Railway cutting near Cold Hanley",
        "River Arle, dredged at the ford",
        "Barrow No. 3, Hallow Down",
        "Brickfield east of Harrowby",
        "Churchyard, Little Saxelby",
        "Ploughed field at Gorsey Bank",
        "Chalk quarry, Winterfold",
        "Shore of Ellen Mere",
        "Cave above the Skell beck",
        "Drain at Swinmarsh Farm",
        "Foundations of the corn mill",
        "Hill fort, Castle Knowe",
        "Sand pit, Wrensham Heath",
        "Bed of the mill stream, Oxlea",
        "Under the hearth, Bramley Cote",
        "Stone circle, Nine Maids Moor",
        "Ferry landing, River Wend",
    ),
    "fr": (
        "Gravière de Sainte-Aubine",
        "Lit de la Vernelle, près du moulin",
        "Tourbière des Aulnaies",
        "Champ du Grand Tertre",
        "Jardin du presbytère, Courtebelle",
        "Tranchée du chemin de fer, Brisolles",
        "Gué de l'Ombrière",
        "Tumulus n° 3, forêt de Valmont",
        "Briqueterie de la Fosse-aux-Grès",
        "Sous le chœur de l'église, Orvenay",
        "Labours au lieu-dit la Côte Brûlée",
        "Carrière de craie, Blancheroche",
        "Rive de l'étang de Morlesse",
        "Grotte du Père-Loup",
        "Fossé de la ferme des Hêtres",
        "Fondations de la halle, Tressigny",
        "Camp du Châtelet, rempart nord",
        "Sablière de Noirchêne",
        "Bief du moulin à foulon",
        "Sous l'âtre, hameau de Crévin",
        "Alignement des Neuf Dames",
        "Bac de la Vernelle, rive gauche",
    ),
}


def _remarks(*pairs: tuple[str, str]) -> Mapping[str, tuple[str, ...]]:
    return {"en": tuple(english for english, _ in pairs), "fr": tuple(french for _, french in pairs)}


# Remarks that fit one figure only: noun phrases, so that the French needs no agreement with the object's gender.
FIGURE_REMARKS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "socketed axe": _remarks(
        ("One loop; mouth of the socket damaged.", "Un anneau latéral ; bord de la douille abîmé."),
        ("Three ribs on each face, edge hammered.", "Trois nervures sur chaque face, tranchant martelé."),
    ),
    "flat axe": _remarks(
        ("Cutting edge re-ground in antiquity.", "Tranchant repoli dans l'Antiquité."),
        ("Butt chipped, the faces very smooth.", "Talon ébréché, faces très lisses."),
    ),
    "sword": _remarks(
        ("Blade broken across, both parts join.", "Lame cassée en deux, les morceaux se raccordent."),
        ("Hilt plate with rivet holes, point lost.", "Languette à trous de rivets, pointe perdue."),
    ),
    "dagger": _remarks(
        ("Rivets still in place, midrib on both sides.", "Rivets encore en place, nervure médiane."),
        ("Traces of the horn handle on the plate.", "Traces du manche en corne sur la plaque."),
    ),
    "spearhead": _remarks(
        ("Wood of the shaft preserved in the socket.", "Bois de la hampe conservé dans la douille."),
        ("Peg holes in the socket, tip bent.", "Trous de goupille, pointe tordue."),
    ),
    "brooch": _remarks(
        ("Spring of six coils; the pin is missing.", "Ressort à six spires ; l'ardillon manque."),
        ("Bow ribbed, catch-plate torn.", "Arc côtelé, porte-ardillon déchiré."),
    ),
    "ring": _remarks(
        ("Plain hoop of round section, worn thin.", "Jonc lisse de section ronde, très usé."),
        ("Fine notches on the outside.", "Fines encoches sur le pourtour."),
    ),
    "pin": _remarks(
        ("Shank slightly bent, point sharp.", "Tige un peu courbée, pointe aiguë."),
        ("Groups of grooves beneath the head.", "Groupes de rainures sous la tête."),
    ),
    "pot": _remarks(
        ("Restored from 14 sherds; ashes inside.", "Recollage de 14 tessons ; cendres à l'intérieur."),
        ("Row of incised zig-zags on the shoulder.", "Zigzags incisés sur l'épaule."),
    ),
    "jug": _remarks(
        ("Handle mended, grey fabric with grit.", "Anse recollée, pâte grise à dégraissant."),
        ("Two grooves round the neck.", "Deux rainures autour du col."),
    ),
    "arrowhead": _remarks(
        ("One barb broken; fine retouch all over.", "Un aileron cassé ; retouches très fines."),
        ("Honey-coloured, with a white patch.", "Couleur de miel, avec une tache blanche."),
    ),
    "comb": _remarks(
        ("Five teeth gone, ring-and-dot ornament.", "Cinq dents perdues, décor de cercles pointés."),
        ("Polished by long use.", "Poli par un long usage."),
    ),
    "whorl": _remarks(
        ("Hour-glass perforation, edge rounded.", "Perforation biconique, bord arrondi."),
        ("Radiating strokes on the upper face.", "Traits rayonnants sur la face supérieure."),
    ),
}

MATERIAL_REMARKS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "bronze": _remarks(
        ("Smooth green patina.", "Belle patine verte."),
        ("Said to be from a hoard of seven pieces.", "Proviendrait d'un dépôt de sept pièces."),
    ),
    "iron": _remarks(
        ("Much rusted.", "Forte corrosion."), ("Rust removed, then oiled.", "Dérouillage, puis bain d'huile.")
    ),
    "gold": _remarks(("Weighs 9 pennyweights.", "Poids : 14 grammes."), ("Kept in the safe.", "Dans le coffre.")),
    "pottery": _remarks(("Coarse black ware.", "Pâte noire grossière."), ("Reddish, hand-made.", "Pâte rougeâtre.")),
    "stone": _remarks(("Greenish, fine-grained.", "Roche verte à grain fin."), ("Grey flint.", "Silex gris.")),
    "bone": _remarks(("Yellowish, cracked.", "Teinte jaunâtre, fissures."), ("Red deer.", "Os de cerf.")),
}

REMARKS = _remarks(
    ("Found by workmen, bought for 5 shillings.", "Trouvaille d'ouvriers, achat 4 francs."),
    ("See the plan in drawer 12.", "Voir le plan dans le tiroir 12."),
    ("Cleaned and waxed; case 7, lower shelf.", "Nettoyage à la cire ; vitrine 7, rayon du bas."),
    ("Lay beside a burnt layer with charcoal.", "À côté d'une couche brûlée avec charbons."),
    ("Compare No. 88 of the old list.", "À comparer au n° 88 de l'ancienne liste."),
    ("Gift of the parish.", "Don de la commune."),
    ("At a depth of 4 feet, in blue clay.", "À 1,20 m de profondeur, dans la glaise."),
    ("Label lost before 1920, place uncertain.", "Étiquette perdue avant 1920, lieu incertain."),
    ("Photographed, plate 31.", "Photographie : plaque 31."),
)


def find_named(name: str, language: str) -> Find | None:
    """The find whose name in `language` is `name`; None when the vocabulary has no such object."""
    return next((find for find in FINDS if find.names.get(language) == name), None)
