"""The part of Stash's schema for what users change besides scenes: creates, destroys, history, files.

As in Stash v0.31.0, commit cf3489efd.
"""

MUTATIONS_SDL = """
scalar Upload

enum CircumisedEnum { CUT UNCUT }
enum ImportDuplicateEnum { IGNORE OVERWRITE FAIL }
enum ImportMissingRefEnum { IGNORE FAIL CREATE }

extend type Scene { play_history: [Time!]! o_history: [Time!]! }
extend type Performer { custom_fields: Map! }
type HistoryMutationResult { count: Int! history: [Time!]! }
type SQLExecResult { rows_affected: Int64 last_insert_id: Int64 }

input CustomFieldsInput { full: Map partial: Map remove: [String!] }
input PerformerCreateInput {
  name: String! disambiguation: String url: String urls: [String!] gender: GenderEnum
  birthdate: String ethnicity: String country: String eye_color: String height_cm: Int
  measurements: String fake_tits: String penis_length: Float circumcised: CircumisedEnum
  career_length: String tattoos: String piercings: String alias_list: [String!] twitter: String
  instagram: String favorite: Boolean tag_ids: [ID!] image: String stash_ids: [StashIDInput!]
  rating100: Int details: String death_date: String hair_color: String weight: Int
  ignore_auto_tag: Boolean custom_fields: Map
}
extend input PerformerUpdateInput {
  url: String urls: [String!] ethnicity: String country: String eye_color: String height_cm: Int
  measurements: String fake_tits: String penis_length: Float circumcised: CircumisedEnum
  career_length: String tattoos: String piercings: String twitter: String instagram: String
  favorite: Boolean stash_ids: [StashIDInput!] rating100: Int details: String death_date: String
  hair_color: String weight: Int ignore_auto_tag: Boolean custom_fields: CustomFieldsInput
}
input StudioCreateInput {
  name: String! url: String urls: [String!] parent_id: ID image: String stash_ids: [StashIDInput!]
  rating100: Int favorite: Boolean details: String aliases: [String!] tag_ids: [ID!]
  ignore_auto_tag: Boolean
}
input TagCreateInput {
  name: String! sort_name: String description: String aliases: [String!] ignore_auto_tag: Boolean
  favorite: Boolean image: String stash_ids: [StashIDInput!] parent_ids: [ID!] child_ids: [ID!]
}
input PerformerDestroyInput { id: ID! }
input StudioDestroyInput { id: ID! }
input PerformerMergeInput { source: [ID!]! destination: ID! values: PerformerUpdateInput }
input MoveFilesInput { ids: [ID!]! destination_folder: String destination_folder_id: ID
  destination_basename: String }
input ImportObjectsInput { file: Upload! duplicateBehaviour: ImportDuplicateEnum!
  missingRefBehaviour: ImportMissingRefEnum! }

extend type Mutation {
  performerCreate(input: PerformerCreateInput!): Performer
  performerDestroy(input: PerformerDestroyInput!): Boolean!
  performersDestroy(ids: [ID!]!): Boolean!
  performerMerge(input: PerformerMergeInput!): Performer!
  studioCreate(input: StudioCreateInput!): Studio
  studioDestroy(input: StudioDestroyInput!): Boolean!
  studiosDestroy(ids: [ID!]!): Boolean!
  tagCreate(input: TagCreateInput!): Tag
  tagsDestroy(ids: [ID!]!): Boolean!
  groupsDestroy(ids: [ID!]!): Boolean!
  sceneIncrementO(id: ID!): Int!
  sceneDecrementO(id: ID!): Int!
  sceneResetO(id: ID!): Int!
  sceneAddO(id: ID!, times: [Timestamp!]): HistoryMutationResult!
  sceneDeleteO(id: ID!, times: [Timestamp!]): HistoryMutationResult!
  sceneIncrementPlayCount(id: ID!): Int!
  sceneResetPlayCount(id: ID!): Int!
  sceneAddPlay(id: ID!, times: [Timestamp!]): HistoryMutationResult!
  sceneDeletePlay(id: ID!, times: [Timestamp!]): HistoryMutationResult!
  sceneSaveActivity(id: ID!, resume_time: Float, playDuration: Float): Boolean!
  sceneResetActivity(id: ID!, reset_resume: Boolean, reset_duration: Boolean): Boolean!
  moveFiles(input: MoveFilesInput!): Boolean!
  importObjects(input: ImportObjectsInput!): ID!
  metadataImport: ID!
  execSQL(sql: String!, args: [Any]): SQLExecResult!
}
"""
