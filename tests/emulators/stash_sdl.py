"""The part of Stash's GraphQL schema that is answered here; a misspelt field fails."""

from tests.emulators.stash_sdl_mutations import MUTATIONS_SDL

_SDL = """
scalar Time
scalar Timestamp
scalar Map
scalar Any
scalar Int64
scalar BoolMap
scalar PluginConfigMap

enum SortDirectionEnum { ASC DESC }
enum CriterionModifier { EQUALS NOT_EQUALS GREATER_THAN LESS_THAN IS_NULL NOT_NULL INCLUDES_ALL INCLUDES
  EXCLUDES MATCHES_REGEX NOT_MATCHES_REGEX BETWEEN NOT_BETWEEN }
enum GenderEnum { MALE FEMALE TRANSGENDER_MALE TRANSGENDER_FEMALE INTERSEX NON_BINARY }
enum BulkUpdateIdMode { SET ADD REMOVE }
enum JobStatus { READY RUNNING FINISHED STOPPING CANCELLED FAILED }
enum JobStatusUpdateType { ADD REMOVE UPDATE }
enum LogLevel { Trace Debug Info Progress Warning Error }
enum PluginSettingTypeEnum { STRING NUMBER BOOLEAN }
enum SystemStatusEnum { SETUP NEEDS_MIGRATION OK }

input FindFilterType { q: String page: Int per_page: Int sort: String direction: SortDirectionEnum }
input StringCriterionInput { value: String! modifier: CriterionModifier! }
input IntCriterionInput { value: Int! value2: Int modifier: CriterionModifier! }
input DateCriterionInput { value: String! value2: String modifier: CriterionModifier! }
input TimestampCriterionInput { value: String! value2: String modifier: CriterionModifier! }
input MultiCriterionInput { value: [ID!] modifier: CriterionModifier! excludes: [ID!] }
input HierarchicalMultiCriterionInput { value: [ID!] modifier: CriterionModifier! depth: Int excludes:
  [ID!] }
input StashIDCriterionInput { endpoint: String stash_id: String modifier: CriterionModifier! }
input SceneFilterType {
  AND: SceneFilterType OR: SceneFilterType NOT: SceneFilterType
  id: IntCriterionInput title: StringCriterionInput path: StringCriterionInput
  oshash: StringCriterionInput checksum: StringCriterionInput file_count: IntCriterionInput
  organized: Boolean rating100: IntCriterionInput is_missing: String
  studios: HierarchicalMultiCriterionInput groups: HierarchicalMultiCriterionInput
  tags: HierarchicalMultiCriterionInput performer_tags: HierarchicalMultiCriterionInput
  performers: MultiCriterionInput stash_id_endpoint: StashIDCriterionInput url: StringCriterionInput
  date: DateCriterionInput created_at: TimestampCriterionInput updated_at: TimestampCriterionInput
}

type Fingerprint { type: String! value: String! }
type StashID { endpoint: String! stash_id: String! updated_at: Time! }
type VideoFile {
  id: ID! path: String! basename: String! mod_time: Time! size: Int64!
  fingerprint(type: String!): String fingerprints: [Fingerprint!]!
  format: String! width: Int! height: Int! duration: Float! video_codec: String! audio_codec: String!
  frame_rate: Float! bit_rate: Int! created_at: Time! updated_at: Time!
}
type ScenePathsType { screenshot: String preview: String stream: String webp: String vtt: String sprite:
  String caption: String }
type SceneGroup { group: Group! scene_index: Int }
type Scene {
  id: ID! title: String code: String details: String director: String urls: [String!]!
  date: String rating100: Int organized: Boolean! o_counter: Int
  created_at: Time! updated_at: Time! last_played_at: Time resume_time: Float play_duration: Float
    play_count: Int
  files: [VideoFile!]! paths: ScenePathsType! studio: Studio groups: [SceneGroup!]!
  tags: [Tag!]! performers: [Performer!]! stash_ids: [StashID!]!
}
type Studio {
  id: ID! name: String! urls: [String!]! parent_studio: Studio aliases: [String!]! tags: [Tag!]!
  ignore_auto_tag: Boolean! image_path: String scene_count(depth: Int): Int! details: String
  stash_ids: [StashID!]! created_at: Time! updated_at: Time!
}
type Tag {
  id: ID! name: String! sort_name: String description: String aliases: [String!]! ignore_auto_tag:
    Boolean!
  favorite: Boolean! image_path: String scene_count(depth: Int): Int! parents: [Tag!]! children: [Tag!]!
  stash_ids: [StashID!]! created_at: Time! updated_at: Time!
}
type Performer {
  id: ID! name: String! disambiguation: String gender: GenderEnum birthdate: String country: String
  alias_list: [String!]! favorite: Boolean! ignore_auto_tag: Boolean! image_path: String scene_count:
    Int!
  tags: [Tag!]! stash_ids: [StashID!]! created_at: Time! updated_at: Time!
}
type Group {
  id: ID! name: String! aliases: String date: String director: String synopsis: String urls: [String!]!
  studio: Studio tags: [Tag!]! front_image_path: String back_image_path: String
  containing_groups: [GroupDescription!]! sub_groups: [GroupDescription!]!
  scene_count(depth: Int): Int! created_at: Time! updated_at: Time!
}
type GroupDescription { group: Group! description: String }
type FindScenesResultType { count: Int! duration: Float! filesize: Float! scenes: [Scene!]! }
type FindPerformersResultType { count: Int! performers: [Performer!]! }
type FindStudiosResultType { count: Int! studios: [Studio!]! }
type FindTagsResultType { count: Int! tags: [Tag!]! }
type FindGroupsResultType { count: Int! groups: [Group!]! }

type PluginPaths { javascript: [String!] css: [String!] }
type PluginTask { name: String! description: String plugin: Plugin! }
type PluginHook { name: String! description: String hooks: [String!] plugin: Plugin! }
type PluginSetting { name: String! display_name: String description: String type: PluginSettingTypeEnum!
  }
type Plugin {
  id: ID! name: String! description: String url: String version: String enabled: Boolean!
  tasks: [PluginTask!] hooks: [PluginHook!] settings: [PluginSetting!] requires: [ID!] paths:
    PluginPaths!
}
type Job {
  id: ID! status: JobStatus! subTasks: [String!] description: String! progress: Float
  startTime: Time endTime: Time addTime: Time! error: String
}
input FindJobInput { id: ID! }
type JobStatusUpdate { type: JobStatusUpdateType! job: Job! }
type LogEntry { time: Time! level: LogLevel! message: String! }
type Version { version: String hash: String! build_time: String! }
type SystemStatus { databaseSchema: Int databasePath: String configPath: String appSchema: Int! status:
  SystemStatusEnum! os: String! workingDir: String! homeDir: String! }
type StashConfig { path: String! excludeVideo: Boolean! excludeImage: Boolean! }
type ConfigGeneralResult {
  stashes: [StashConfig!]! configFilePath: String! pluginsPath: String! generatedPath: String!
    parallelTasks: Int!
  apiKey: String! username: String! maxSessionAge: Int! logLevel: String! pythonPath: String!
}
type ConfigResult { general: ConfigGeneralResult! ui: Map! plugins(include: [ID!]): PluginConfigMap! }

input StashIDInput { endpoint: String! stash_id: String! updated_at: Time }
input SceneGroupInput { group_id: ID! scene_index: Int }
input BulkUpdateIds { ids: [ID!] mode: BulkUpdateIdMode! }
input BulkUpdateStrings { values: [String!] mode: BulkUpdateIdMode! }
input SceneCreateInput {
  title: String code: String details: String director: String urls: [String!] date: String rating100:
    Int organized: Boolean
  studio_id: ID gallery_ids: [ID!] performer_ids: [ID!] groups: [SceneGroupInput!] tag_ids: [ID!]
  cover_image: String stash_ids: [StashIDInput!] file_ids: [ID!]
}
input SceneUpdateInput {
  clientMutationId: String id: ID! title: String code: String details: String director: String urls:
    [String!]
  date: String rating100: Int organized: Boolean studio_id: ID gallery_ids: [ID!] performer_ids: [ID!]
  groups: [SceneGroupInput!] tag_ids: [ID!] cover_image: String stash_ids: [StashIDInput!]
  resume_time: Float play_duration: Float primary_file_id: ID
}
input BulkSceneUpdateInput {
  clientMutationId: String ids: [ID!] title: String code: String details: String director: String urls:
    BulkUpdateStrings
  date: String rating100: Int organized: Boolean studio_id: ID gallery_ids: BulkUpdateIds
  performer_ids: BulkUpdateIds tag_ids: BulkUpdateIds group_ids: BulkUpdateIds
}
input SceneDestroyInput { id: ID! delete_file: Boolean delete_generated: Boolean }
input ScenesDestroyInput { ids: [ID!]! delete_file: Boolean delete_generated: Boolean }
input SceneMergeInput { source: [ID!]! destination: ID! values: SceneUpdateInput play_history: Boolean
  o_history: Boolean }
input PerformerUpdateInput { id: ID! name: String disambiguation: String gender: GenderEnum birthdate: String alias_list:
  [String!] tag_ids: [ID!] image: String }
input StudioUpdateInput { id: ID! name: String parent_id: ID urls: [String!] aliases: [String!] image:
  String }
input TagUpdateInput { id: ID! name: String sort_name: String description: String aliases: [String!]
  ignore_auto_tag: Boolean parent_ids: [ID!] child_ids: [ID!] }
input GroupDescriptionInput { group_id: ID! description: String }
input GroupCreateInput { name: String! aliases: String date: String studio_id: ID director: String
  synopsis: String containing_groups: [GroupDescriptionInput!] sub_groups: [GroupDescriptionInput!]
  front_image: String }
input GroupUpdateInput { id: ID! name: String aliases: String date: String studio_id: ID director:
  String synopsis: String containing_groups: [GroupDescriptionInput!]
  sub_groups: [GroupDescriptionInput!] front_image: String }
input GroupDestroyInput { id: ID! }
input GroupSubGroupAddInput { containing_group_id: ID! sub_groups: [GroupDescriptionInput!]!
  insert_index: Int }
input GroupSubGroupRemoveInput { containing_group_id: ID! sub_group_ids: [ID!]! }
input TagDestroyInput { id: ID! }
input TagsMergeInput { source: [ID!]! destination: ID! }
input PluginArgInput { key: String! value: PluginValueInput }
input PluginValueInput { str: String i: Int b: Boolean f: Float o: [PluginArgInput!] a:
  [PluginValueInput!] }
input ScanMetadataInput { paths: [String!] rescan: Boolean scanGenerateCovers: Boolean }

type Query {
  findScene(id: ID, checksum: String): Scene
  findScenes(scene_filter: SceneFilterType, scene_ids: [Int!], ids: [ID!], filter: FindFilterType):
    FindScenesResultType!
  findPerformer(id: ID!): Performer
  findStudio(id: ID!): Studio
  findTag(id: ID!): Tag
  findGroup(id: ID!): Group
  findPerformers(filter: FindFilterType, performer_ids: [Int!], ids: [ID!]): FindPerformersResultType!
  findStudios(filter: FindFilterType, ids: [ID!]): FindStudiosResultType!
  findTags(filter: FindFilterType, ids: [ID!]): FindTagsResultType!
  findGroups(filter: FindFilterType, ids: [ID!]): FindGroupsResultType!
  plugins: [Plugin!]
  pluginTasks: [PluginTask!]
  configuration: ConfigResult!
  systemStatus: SystemStatus!
  version: Version!
  jobQueue: [Job!]
  findJob(input: FindJobInput!): Job
  logs: [LogEntry!]!
}
type Mutation {
  sceneCreate(input: SceneCreateInput!): Scene
  sceneUpdate(input: SceneUpdateInput!): Scene
  scenesUpdate(input: [SceneUpdateInput!]!): [Scene]
  bulkSceneUpdate(input: BulkSceneUpdateInput!): [Scene!]
  sceneDestroy(input: SceneDestroyInput!): Boolean!
  scenesDestroy(input: ScenesDestroyInput!): Boolean!
  sceneMerge(input: SceneMergeInput!): Scene
  sceneGenerateScreenshot(id: ID!, at: Float): String!
  performerUpdate(input: PerformerUpdateInput!): Performer
  studioUpdate(input: StudioUpdateInput!): Studio
  tagUpdate(input: TagUpdateInput!): Tag
  tagDestroy(input: TagDestroyInput!): Boolean!
  tagsMerge(input: TagsMergeInput!): Tag
  groupCreate(input: GroupCreateInput!): Group
  groupUpdate(input: GroupUpdateInput!): Group
  groupDestroy(input: GroupDestroyInput!): Boolean!
  addGroupSubGroups(input: GroupSubGroupAddInput!): Boolean!
  removeGroupSubGroups(input: GroupSubGroupRemoveInput!): Boolean!
  metadataScan(input: ScanMetadataInput!): ID!
  configurePlugin(plugin_id: ID!, input: Map!): Map!
  setPluginsEnabled(enabledMap: BoolMap!): Boolean!
  reloadPlugins: Boolean!
  runPluginTask(plugin_id: ID!, task_name: String, description: String, args: [PluginArgInput!],
    args_map: Map): ID!
  runPluginOperation(plugin_id: ID!, args: Map): Any
  stopJob(job_id: ID!): Boolean!
  stopAllJobs: Boolean!
}
type Subscription {
  jobsSubscribe: JobStatusUpdate!
  loggingSubscribe: [LogEntry!]!
  scanCompleteSubscribe: Boolean!
}
"""

SDL = _SDL + MUTATIONS_SDL
