alter table cabinet.session add column network text;
comment on column cabinet.session.network is 'The network in which it was opened: /24 of IPv4, /48 of IPv6. Null: opened by a former release';
