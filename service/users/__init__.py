"""The core: what happens to users, in our own words; each verb is a unit of work for the database's doors.

Where to look:

words           model  problems  checks  networks  clock
who may         access  leave  permissions  managed  last_administrator  last_way  turns
users           records  given  newcomers  edits  rows  seen  uniqueness  addresses  numbers  tracking
                imports
what follows    endings  notices  history  events
roles           roles  role_changes  role_members  administrators
groups          groups  group_members  group_nesting  membership  group_roles  group_decisions  adoption
projects        projects  letterheads
letters bring   invitations  invitation_states  invitation_letters  acceptance  renewals  registrations
                resets  tickets  outbox  correspondence
signing in      sign_in  passwords  secrets  threads  throttle  attempt_rows
sessions        sessions  session_starts  session_rows  session_list  refreshing  refresh_tokens
second factors  second_factor  recovery_codes  factors  waiting  lost_factors
passkeys        passkeys  passkey_sign_in  challenges  credentials
providers       sign_on  arrivals  claims  following  identities  ways_in  own_account  departures  grants
                logouts  signals  event_tokens
connections     connections  connection_terms  connection_changes  connection_tokens  client_credentials
                sync_log  deferred
applications    feed  event_keys
files           files  file_access  file_rows  file_removal  pictures  pixels
what happened   recent  remarks  reverting
keys at rest    resealing
"""
