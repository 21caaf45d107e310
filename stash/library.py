"""Ask Stash about its library as a whole: its folders, and the files of a sample of scenes."""

from stash import queries
from stash.answers import expect_shape
from stash.client import StashClient
from validation.metadata import SceneFile


def library_folders(stash: StashClient) -> list[str]:
    """Return the folders that Stash scans for videos, as Stash sees them.

    Raises:
        StashUnavailable, StashQueryError: Stash does not answer.
    """
    data = stash.graphql(queries.LIBRARY_FOLDERS)
    with expect_shape():
        folders = data["configuration"]["general"]["stashes"]
        return [str(folder["path"]) for folder in folders if not folder["excludeVideo"]]


def scene_file_sample(stash: StashClient, size: int) -> list[list[SceneFile]]:
    """Return the files of randomly selected scenes; a scene without a file is [].

    Raises:
        StashUnavailable, StashQueryError: Stash does not answer.
    """
    data = stash.graphql(queries.FILE_SAMPLE, {"size": size})
    with expect_shape():
        return [
            [
                SceneFile(path=str(file["path"]), size=int(file["size"] or 0), oshash="")
                for file in scene["files"]
            ]
            for scene in data["findScenes"]["scenes"]
        ]


def file_sample(stash: StashClient, size: int) -> list[SceneFile]:
    """Return the files of randomly selected scenes; [] without scenes.

    Raises:
        StashUnavailable, StashQueryError: Stash does not answer.
    """
    return [file for files in scene_file_sample(stash, size) for file in files]
