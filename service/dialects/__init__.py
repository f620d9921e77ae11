"""The dictionaries: fields, problems and operators in the words of every language that we speak.

Where to look:

the tables      fields  user_fields  connection_fields  history_fields  permission_fields
                problems  operators
made of them    dialect  relations  references  sealed  former  states  description
filters         filters  places  paths  values  variables  chained_filters  nodes  conditions  functions
answers         parts  choosing  selections  related  summaries
questions       question  statements  asking  sight  access_paths
rules           rules  rule_filters  subjects  grants  clauses  judging  accesses
SCIM            scim  scim_groups  scim_members  scim_membership  scim_held  scim_tags  scim_advice
SCIM filters    scim_filters  scim_look_ups  scim_columns  scim_following  scim_attributes  scim_references
SCIM lists      scim_pages  scim_orders  scim_walking  scim_blocks
SCIM events     scim_events  scim_event_data
GraphQL         graphql
"""
