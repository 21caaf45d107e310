"""List the settings of collections, studios and tags; part of the table of settings."""

from validation.setting import Setting, SettingType

# fmt: off
COLLECTIONS = (
    Setting(
        "sync_groups", "c", SettingType.BOOLEAN, False, "Sync groups as collections",
        "Write the groups of a scene, and the groups that contain these, to Plex as collections. A "
        "collection that PlexSync made shows the group's front image and synopsis.",
    ),
    Setting(
        "collection_prefix_group", "c", SettingType.STRING, "", "Prefix of group collections",
        "What stands before a group's name in the title of its collection, so that these "
        "collections sort together. A blank is put between both.",
        default_note="empty",
    ),
)

STUDIOS = (
    Setting(
        "studio_format", "c", SettingType.STRING, "{studio}", "Studio format",
        "What Plex shows as the studio: the scene's studio, its parent, or both. A studio without "
        "a parent stands alone.",
        choices=("{studio}", "{parent}", "{parent} / {studio}"),
    ),
    Setting(
        "parent_studio_collections", "c", SettingType.STRING, "off",
        "Parent studios as collections",
        "Also write what is above the scene's studio to Plex as collections: its parent, or all "
        "studios above it.",
        choices=("off", "parent", "all"),
    ),
    Setting(
        "collection_prefix_studio", "c", SettingType.STRING, "", "Prefix of studio collections",
        "What stands before a studio's name in the title of its collection, so that these "
        "collections sort together. A blank is put between both.",
        default_note="empty",
    ),
)

_HOW_TO_CHOOSE_TAGS = (
    "Separate tags by commas: a name, a pattern with *, or 'Clothing > *' for the tag Clothing and "
    "everything below it. Put a tag that has a comma in double quotes."
)

TAGS = (
    Setting(
        "genre_excluded_tags", "c", SettingType.STRING, "", "Tags that are no genres",
        f"These tags do not become genres in Plex. {_HOW_TO_CHOOSE_TAGS}",
    ),
    Setting(
        "collection_tags", "c", SettingType.STRING, "", "Tags as collections",
        f"These tags become collections in Plex, and stay genres. {_HOW_TO_CHOOSE_TAGS}",
    ),
    Setting(
        "collection_prefix_tag", "c", SettingType.STRING, "", "Prefix of tag collections",
        "What stands before a tag's name in the title of its collection, so that these "
        "collections sort together. A blank is put between both.",
        default_note="empty",
    ),
    Setting(
        "label_tags", "c", SettingType.STRING, "*", "Tags that become labels",
        "With Sync tags as labels on, these tags become labels in Plex, and stay genres. "
        f"{_HOW_TO_CHOOSE_TAGS}",
    ),
    Setting(
        "include_parent_tags", "c", SettingType.BOOLEAN, False, "Include parent tags",
        "A scene counts as having everything above its tags in Stash, too.",
    ),
    Setting(
        "include_performer_tags", "c", SettingType.BOOLEAN, False, "Include performers' tags",
        "A scene counts as having the tags of its performers, too.",
    ),
)
# fmt: on
