-- A secret is shown only in the session that began to add the app: whoever saw it in another one
-- would know the codes of its owner. A session keeps its start when it gets a new secret.
alter table cabinet.authenticator_setup add column session_started timestamptz;
comment on column cabinet.authenticator_setup.session_started is 'When the session began in which it was begun';
