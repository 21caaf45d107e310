"""Define the settings that decide what the value of a field is made of, one row each."""

from validation.genders import ALL
from validation.performers import DISAMBIGUATIONS, NEVER, ORDERS, STASH
from validation.setting import Setting, SettingType

# fmt: off
_TITLES = (
    Setting(
        "title_format", "c", SettingType.STRING, "{title}", "Title format",
        "What a title shows: {title} {studio} {parent} {performers} {date} {year} {code} {file}. A "
        "part in [brackets] vanishes if a name in it has no value, as in '[{studio}: ]{title}'. "
        "Double a bracket or brace that is meant as such.",
    ),
    Setting(
        "title_from_file", "c", SettingType.BOOLEAN, False, "Title from file name",
        "Give a scene that has no title in Stash the name of its file, without the extension.",
    ),
    Setting(
        "sort_title_format", "c", SettingType.STRING, "", "Sort title format",
        "By what Plex sorts a scene; written as the title format, for example '{studio} {date}'.",
        default_note="empty; Plex then derives the sort title from the title",
    ),
)

_ACTORS = (
    Setting(
        "performer_genders", "c", SettingType.STRING, ALL, "Performer genders",
        "Which performers become actors: 'all', or some of female, male, trans female, trans male, "
        "intersex, non-binary and unknown, separated by commas.",
    ),
    Setting(
        "performer_order", "c", SettingType.STRING, STASH, "Order of the performers",
        "Stash keeps no order of a scene's performers, so 'stash' and 'name' are both the order "
        "of their names. 'female_first' puts women before the others.",
        choices=ORDERS,
    ),
    Setting(
        "max_performers", "c", SettingType.NUMBER, 50, "Maximum performers",
        "How many performers of a scene are written as actors: the first ones in their order. 0 "
        "means the default.",
        unit="performers", lowest=1, highest=200,
    ),
    Setting(
        "performer_disambiguation", "c", SettingType.STRING, NEVER, "Performer disambiguation",
        "Whether an actor's name shows Stash's disambiguation, as in 'Mia Moon (the elder)'. With "
        "'when_needed' only where a scene has two performers of one name.",
        choices=DISAMBIGUATIONS,
    ),
    Setting(
        "role_format", "c", SettingType.STRING, "", "Role format",
        "What Plex shows as the role of an actor: {age} on the date of the scene, {gender} and "
        "{disambiguation}; written as the title format, for example '{age}[, {gender}]'.",
        default_note="empty; roles then have no text",
    ),
)

_CONTENT_RATING = Setting(
    "content_rating", "c", SettingType.STRING, "", "Content rating",
    "A rating for every scene, such as XXX, or one for each tag: 'Tame => PG-13; * => XXX'. The "
    "first tag that the scene has counts, and * fits every scene. Put a pair that has a "
        "semicolon in double quotes.",
    default_note="empty; Plex keeps its own content rating",
)
# fmt: on

VALUES_OF_FIELDS: tuple[Setting, ...] = (*_TITLES, *_ACTORS, _CONTENT_RATING)
