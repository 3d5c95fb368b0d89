import { randomUUID } from 'node:crypto';
import compression from 'compression';
import connectPgSimple from 'connect-pg-simple';
import express from 'express';
import session from 'express-session';
import helmet from 'helmet';
import nunjucks from 'nunjucks';
import pg from 'pg';
import pino from 'pino';
import { pinoHttp } from 'pino-http';
import {
  accountRow,
  blocks,
  documentFacts,
  languages,
  person,
  report,
  sections,
  suggest,
  t,
} from './page.mjs';

// The usual stack, put together as its parts' documents say: the settings are their defaults unless
// those documents advise another value for production.

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
await pool.query(`
  create table requisites (holder_id int primary key, revision int not null, fields jsonb not null);
  create table person (iin text primary key, documents jsonb not null, accounts jsonb not null)`);
await pool.query('insert into requisites values (1, 1, $1)', [person.requisites]);
await pool.query('insert into person values ($1, $2, $3)', [
  person.iin,
  JSON.stringify(person.documents),
  JSON.stringify(person.accounts),
]);

const app = express();
app.disable('x-powered-by');
nunjucks.configure('bench/peers/views', { autoescape: true, express: app });
const PgSession = connectPgSimple(session);
app.use(pinoHttp({ logger: pino(pino.destination({ dest: 1, sync: false, minLength: 4_096 })) }));
app.use(helmet());
app.use(compression());
app.use(
  session({
    store: new PgSession({ pool, createTableIfMissing: true }),
    secret: 'only for this measurement',
    name: 'sid',
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', maxAge: 15 * 60_000 },
  }),
);

app.get('/sign-in', (request, response) => {
  Object.assign(request.session, { holderId: 1, iin: person.iin, shortName: 'Айдар С.' });
  response.redirect(303, '/services/requisites');
});

app.get('/services/requisites', async (request, response) => {
  const { holderId, iin, shortName, cookie } = request.session;
  if (holderId === undefined) return response.redirect(303, '/sign-in');
  const known = await pool.query('select revision, fields from requisites where holder_id = $1', [holderId]);
  const asked = await pool.query('select documents, accounts from person where iin = $1', [iin]);
  const [{ revision, fields }] = known.rows;
  const [{ documents, accounts }] = asked.rows;
  return response.render('requisites.njk', {
    t,
    language: 'kk',
    languages,
    sections,
    shortName,
    secondsLeft: Math.floor(cookie.maxAge / 1_000),
    csrf: randomUUID(),
    formId: randomUUID(),
    revision,
    fields,
    blocks,
    suggest,
    document: documents[0].id,
    documents: documents.map(documentFacts),
    accounts: accounts.map(accountRow),
  });
});

const server = app.listen(0, '127.0.0.1', () => report(server));
