"""List the calls of the page, one row each; its types and a table of the docs come from it."""

from page import (
    connection,
    dead_letters,
    dry_runs,
    library_rules,
    long_work,
    other_plugin,
    outages,
    overrides,
    overview,
    paths,
    queue,
    reconciliation,
    scene,
    search,
    settings,
    sign_in,
    support,
    token,
    tools,
)
from page.call import Call
from page.models.base import Confirmed, Done, NoArguments
from page.models.jobs import (
    ChooseDeadLetters,
    ChooseJobs,
    ClearQueue,
    DeadLettersAnswer,
    DropJobs,
    ListDeadLetters,
    ListQueue,
    OverridesAnswer,
    PurgeDeadLetters,
    QueueAnswer,
    Recover,
    RemoveOverride,
    SetOverride,
)
from page.models.other_plugin import OtherPluginAnswer, TakeSettings
from page.models.rules import CheckedRules, CheckRules
from page.models.runs import (
    CancelRun,
    DryRunAnswer,
    ListDryRun,
    LogAnswer,
    ReadLog,
    ReconciliationAnswer,
    StartReconciliation,
    StartSync,
    StatisticsAnswer,
    SupportBundle,
)
from page.models.scene import (
    ChooseScene,
    FoundItems,
    RestoreScene,
    SceneAnswer,
    SceneStates,
    SceneStatesAnswer,
    SearchItems,
)
from page.models.settings import (
    CheckedPaths,
    CheckedSettings,
    CheckPaths,
    CheckSettings,
    ChooseServer,
    ChosenServer,
    ConnectionReport,
    LibrariesAnswer,
    PathsAnswer,
    SaveToken,
    SettingsAnswer,
    SignInAnswer,
    TestConnection,
)
from page.models.state import OutagesAnswer, OverviewAnswer, Snapshot
from page.restore import count_items

# fmt: off
CALLS: tuple[Call, ...] = (
    Call(
        "snapshot", NoArguments, Snapshot, None,
        "Queue, worker, Plex and long work at a glance; polled.",
    ),
    Call(
        "scene_states", SceneStates, SceneStatesAnswer, None,
        "Which of these scenes wait, and which failed.",
    ),
    Call(
        "overview", NoArguments, OverviewAnswer, overview.overview,
        "Counts, charts, problems, first run.",
    ),
    Call(
        "outages", NoArguments, OutagesAnswer, outages.outages,
        "The last 30 outages and their metrics.",
    ),
    Call(
        "settings", NoArguments, SettingsAnswer, settings.settings,
        "Every setting as it counts now.",
    ),
    Call(
        "check_settings", CheckSettings, CheckedSettings, settings.check_settings,
        "What is wrong with values.",
    ),
    Call(
        "check_rules", CheckRules, CheckedRules, library_rules.check_library_rules,
        "What is wrong with library rules, and their text.",
    ),
    Call(
        "test_connection", TestConnection, ConnectionReport, connection.test_connection,
        "Whether Plex can be reached, and with which rights.",
    ),
    Call("save_token", SaveToken, Done, token.save_token, "Store a Plex token in the data folder."),
    Call("disconnect", NoArguments, Done, token.disconnect, "Delete the stored Plex token."),
    Call(
        "sign_in_begin", NoArguments, SignInAnswer, sign_in.sign_in_begin,
        "Begin to sign in at plex.tv.",
    ),
    Call(
        "sign_in_poll", NoArguments, SignInAnswer, sign_in.sign_in_poll,
        "How far the sign-in is.",
    ),
    Call(
        "sign_in_choose", ChooseServer, ChosenServer, sign_in.sign_in_choose,
        "Choose a server and one of its addresses; store its token.",
    ),
    Call("libraries", NoArguments, LibrariesAnswer, connection.libraries, "Plex's libraries."),
    Call("paths", NoArguments, PathsAnswer, paths.paths, "The path mapping and folders to choose."),
    Call(
        "check_paths", CheckPaths, CheckedPaths, paths.check_paths,
        "How well a path mapping fits.",
    ),
    Call("queue", ListQueue, QueueAnswer, queue.list_queue, "Jobs that wait or are in progress."),
    Call("sync_now", ChooseJobs, Confirmed, queue.sync_now, "Make waiting jobs due and urgent."),
    Call("drop_jobs", DropJobs, Confirmed, queue.drop_chosen, "Delete waiting jobs."),
    Call("clear_queue", ClearQueue, Confirmed, queue.clear_queue, "Delete every waiting job."),
    Call(
        "dead_letters", ListDeadLetters, DeadLettersAnswer, dead_letters.list_dead_letters,
        "Jobs that failed for good.",
    ),
    Call(
        "retry_dead_letters", ChooseDeadLetters, Confirmed, dead_letters.retry_dead_letters,
        "Put them back.",
    ),
    Call(
        "dismiss_dead_letters", ChooseDeadLetters, Confirmed, dead_letters.dismiss_dead_letters,
        "Delete them.",
    ),
    Call(
        "purge_dead_letters", PurgeDeadLetters, Confirmed, dead_letters.purge_dead_letters,
        "Delete old ones.",
    ),
    Call(
        "overrides", NoArguments, OverridesAnswer, overrides.list_overrides,
        "Scenes matched by hand.",
    ),
    Call(
        "set_override", SetOverride, Done, overrides.set_override,
        "Match scenes with an item, or never.",
    ),
    Call(
        "remove_override", RemoveOverride, Done, overrides.remove_override,
        "Match scenes by their files again.",
    ),
    Call(
        "recover", Recover, Confirmed, dead_letters.recover,
        "Put dead letters of an outage back.",
    ),
    Call(
        "other_plugin", NoArguments, OtherPluginAnswer, other_plugin.other_plugin,
        "What can be taken over from another plugin for Plex.",
    ),
    Call(
        "take_settings", TakeSettings, Done, other_plugin.take_settings,
        "Take it over.",
    ),
    Call(
        "reconciliation", NoArguments, ReconciliationAnswer, reconciliation.reconciliation,
        "Past comparisons and the next one.",
    ),
    Call(
        "start_reconciliation", StartReconciliation, Done, long_work.start_reconciliation,
        "Ask the worker to compare scenes.",
    ),
    Call(
        "start_sync", StartSync, Done, long_work.start_sync,
        "Ask the worker to enqueue scenes.",
    ),
    Call(
        "cancel_run", CancelRun, Confirmed, long_work.cancel_run,
        "End long work.",
    ),
    Call(
        "dry_run", ListDryRun, DryRunAnswer, dry_runs.dry_run,
        "Rows of the newest dry run.",
    ),
    Call(
        "statistics", NoArguments, StatisticsAnswer, tools.statistics,
        "What was counted.",
    ),
    Call(
        "reset_statistics", NoArguments, Done, tools.reset_statistics,
        "Begin to count again.",
    ),
    Call(
        "log", ReadLog, LogAnswer, tools.log,
        "The newest lines of the worker's log.",
    ),
    Call(
        "support_bundle", NoArguments, SupportBundle, support.support_bundle,
        "One text for a report.",
    ),
    Call(
        "count_restorable", NoArguments, Confirmed, count_items,
        "How many items the task Restore Plex Values would restore.",
    ),
    Call("scene", ChooseScene, SceneAnswer, scene.show_scene, "State and fields of one scene."),
    Call("sync_scene", ChooseScene, Done, scene.sync_scene, "Enqueue one scene as urgent."),
    Call("search_items", SearchItems, FoundItems, search.search_items, "Find items of Plex."),
    Call(
        "restore_scene", RestoreScene, Confirmed, scene.restore_scene,
        "Put Plex's own values back.",
    ),
)
# fmt: on
