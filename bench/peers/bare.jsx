import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
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

// The least that such a page can cost: Fastify and JSX that becomes strings (Kita). No session, no
// database, no protecting headers, no log, no compression.

function Layout({ title, csrf, children }) {
  return (
    <html lang="kk">
      <head>
        <meta charset="utf-8" />
        <title safe>{`${title} · ${t.layout.cabinet}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="format-detection" content="telephone=no" />
        <link rel="stylesheet" href="/assets/app.css" />
        <link rel="icon" type="image/svg+xml" href="/assets/icon.svg" />
        {['submit-once', 'unsaved', 'address-suggest', 'session-warning', 'restore'].map((script) => (
          <script type="module" src={`/assets/${script}.js`} />
        ))}
      </head>
      <body>
        <button type="submit" class="ds-sr-only" form="page-form" tabindex="-1" />
        <a class="ds-skip-link" href="#main" safe>
          {t.layout.skip}
        </a>
        <Header csrf={csrf} />
        <div class="banner" role="status">
          <div class="wrap">
            <p safe>{t.layout.demo}</p>
          </div>
        </div>
        <main id="main" class="wrap" tabindex="-1">
          {children}
        </main>
        <footer>
          <div class="wrap">
            <p>
              <span safe>{t.layout.contactCentre}</span>
              <a href="tel:1418">1418</a>
            </p>
            <p safe>{t.layout.aroundTheClock}</p>
          </div>
        </footer>
        <dialog
          id="session-warning"
          class="dialog"
          aria-labelledby="session-warning-text"
          data-seconds-left="900"
          data-warn-seconds="120"
          data-end-href="/sign-in?ended=1"
          data-csrf={csrf}
          data-ends-in={t.session.endsIn}
          data-failed={t.session.extendFailed}
        >
          <p id="session-warning-text" role="alert" />
          <button type="button" class="ds-button" safe>
            {t.session.extend}
          </button>
        </dialog>
      </body>
    </html>
  );
}

function Header({ csrf }) {
  return (
    <header>
      <div class="top wrap">
        <a class="brand" href="/">
          <svg class="mark" viewBox="0 0 40 40" width="40" height="40" aria-hidden="true" focusable="false">
            <rect width="40" height="40" rx="9" fill="#0a5fa8" />
            <circle cx="20" cy="15" r="6" fill="#f2b41b" />
            <path d="M6 27c5-5 9-4 14-1s9 4 14-1" fill="none" stroke="#fff" />
          </svg>
          <b safe>{t.layout.cabinet}</b>
          <span class="fund" safe>
            {t.layout.fund}
          </span>
        </a>
        <div class="languages" title={t.layout.language}>
          {languages.map(({ code, name }) => (
            <button
              type="submit"
              name="language"
              value={code}
              lang={code}
              form="page-form"
              formaction="/language"
              formnovalidate
              safe
            >
              {name}
            </button>
          ))}
        </div>
      </div>
      <div class="person-bar wrap">
        <nav aria-label={t.layout.navigation}>
          {sections.map(({ href, label, current }) => (
            <a href={href} aria-current={current ? 'true' : undefined} safe>
              {label}
            </a>
          ))}
        </nav>
        <p class="person">
          <b>Айдар С.</b>
          <span class="session-ends" safe>
            {t.session.endsAt.replace('{time}', '16:02')}
          </span>
        </p>
        <form method="post" action="/sign-out">
          <input type="hidden" name="csrf" value={csrf} />
          <button type="submit" class="plain" safe>
            {t.layout.signOut}
          </button>
        </form>
      </div>
    </header>
  );
}

function Card({ id, number, heading, children }) {
  return (
    <section class="card" id={id} aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`}>
        <span class="number">{number}</span> {<span safe>{heading}</span>}
      </h2>
      {children}
    </section>
  );
}

function Field({ one, more }) {
  const { name, description } = one;
  return (
    <div class="ds-field" data-width={one.short ? 'short' : undefined}>
      <label for={name} safe>
        {t.requisites[name]}
      </label>
      {description && (
        <p class="description" id={`${name}-description`} safe>
          {description}
        </p>
      )}
      <input
        class="ds-input"
        id={name}
        name={name}
        type={one.type}
        value={person.requisites[name] ?? ''}
        autocomplete={one.autocomplete}
        inputmode={one.inputmode}
        spellcheck="false"
        {...more}
        aria-describedby={description && `${name}-description`}
      />
      {more && <p id={`${name}-status`} role="status" class="description" />}
    </div>
  );
}

function Facts({ facts }) {
  return (
    <dl class="facts">
      {facts.map(({ term, value }) => (
        <div>
          <dt safe>{term}</dt>
          <dd safe>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Accounts({ rows }) {
  const columns = [t.requisites.accountName, t.requisites.accountNumber, t.requisites.accountNotification];
  return (
    <table class="table">
      <caption safe>{t.requisites.accountsLead}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th scope="col" safe>
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ title, kind, number, notification }) => (
          <tr>
            <th scope="row">
              <abbr title={title} safe>
                {kind}
              </abbr>
            </th>
            <td data-label={columns[1]} safe>
              {number}
            </td>
            <td data-label={columns[2]} safe>
              {notification}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Blocks() {
  const [address, ...short] = blocks.address;
  return (
    <>
      <Card id="document-block" number={1} heading={t.requisites.document}>
        <input type="hidden" id="document" name="document" value={person.documents[0].id} />
        {person.documents.map((document) => (
          <Facts facts={documentFacts(document)} />
        ))}
        <p class="notice-line" safe>
          {t.requisites.asOf}
        </p>
      </Card>
      <Card id="address-block" number={2} heading={t.requisites.address}>
        <div class="ds-field">
          <input class="ds-input" type="checkbox" id="kazpost" name="kazpost" value="1" checked />
          <label for="kazpost" safe>
            {t.requisites.kazpost}
          </label>
        </div>
        <Field one={address} more={suggest} />
        <div id="address-search" data-without-script="true">
          <button type="submit" class="ds-button" data-variant="secondary" formaction="/addresses" safe>
            {t.requisites.addressSearch}
          </button>
        </div>
        <div class="columns" data-split="fit">
          {short.map((one) => (
            <Field one={one} />
          ))}
        </div>
      </Card>
      <Card id="phones-block" number={3} heading={t.requisites.phones}>
        <div class="columns" data-split="two">
          {blocks.phones.map((one) => (
            <Field one={one} />
          ))}
        </div>
        <p class="notice-line" safe>
          {t.requisites.mobileNotice}
        </p>
      </Card>
      <Card id="accounts-block" number={4} heading={t.requisites.accounts}>
        <Accounts rows={person.accounts.map(accountRow)} />
        {blocks.accounts.map((one) => (
          <Field one={one} />
        ))}
        <p class="notice-line" safe>
          {t.requisites.emailNotice}
        </p>
      </Card>
    </>
  );
}

function RequisitesPage({ csrf, formId }) {
  return (
    <Layout title={t.requisites.title} csrf={csrf}>
      <div class="page-heading">
        <nav class="trail" aria-label={t.layout.services}>
          <a href="/services" safe>
            {t.layout.services}
          </a>
          <a href="/services#details-section" safe>
            {t.services.sectionTitle}
          </a>
        </nav>
        <h1 safe>{t.requisites.title}</h1>
      </div>
      <form id="page-form" method="post" action="/services/requisites" novalidate data-unsaved="">
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="page" value="/services/requisites" />
        <input type="hidden" name="formId" value={formId} />
        <input type="hidden" name="revision" value="1" />
        <Blocks />
        <div class="button-row" data-sticky="">
          <button type="submit" class="ds-button" safe>
            {t.requisites.save}
          </button>
          <button type="submit" class="ds-button" data-variant="secondary" formaction="/cancel" safe>
            {t.requisites.cancel}
          </button>
        </div>
      </form>
    </Layout>
  );
}

const app = Fastify();
app.get('/services/requisites', (_request, reply) => {
  reply.type('text/html; charset=utf-8');
  return `<!doctype html>${<RequisitesPage csrf={randomUUID()} formId={randomUUID()} />}`;
});
await app.listen({ port: 0, host: '127.0.0.1' });
report(app.server);
