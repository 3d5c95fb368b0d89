import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { root } from '../../src/platform/root.ts';

/** docs/fund-api.yaml, parsed without following `$ref`s. */
const fundApi = parse(readFileSync(join(root, 'docs/fund-api.yaml'), 'utf8'));

type Node = Readonly<Record<string, unknown>>;

/** A validator for the schema at this place in docs/fund-api.yaml; undefined when there is none. */
export function fundSchema(pointer: string): ((value: unknown) => string | undefined) | undefined {
  const validate = ajv.getSchema(`api#${pointer}`);
  return validate && ((value) => (validate(value) ? undefined : ajv.errorsText(validate.errors)));
}

/** The names of the members that a schema of docs/fund-api.yaml describes. */
export function membersOf(schema: string): readonly string[] {
  return Object.keys(fundApi.components.schemas[schema].properties);
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(fundApi, 'api');

/** An example in docs/fund-api.yaml: the place of its schema, and the value. */
export interface FundExample {
  /** For example `POST /holders/find 200 full`, or the name of a schema. */
  readonly name: string;
  readonly schema: string;
  readonly value: unknown;
}

/** An example of an answer. */
export interface AnswerExample extends FundExample {
  readonly operation: string;
  readonly status: number;
}

/** Follows a `$ref` and returns its target with the target's place. */
function follow(pointer: string, node: Node): { pointer: string; node: Node } {
  const reference = node['$ref'];
  if (typeof reference !== 'string') return { pointer, node };
  const target = reference
    .slice(2)
    .split('/')
    .reduce((at, part) => at[part.replaceAll('~1', '/')] as Node, fundApi as Node);
  return { pointer: reference.slice(1), node: target };
}

/** The examples of one body. Throws when it has none. */
function examplesOf(name: string, at: string, body: Node): FundExample[] {
  const { pointer, node } = follow(at, body);
  const media = (node['content'] as Node)['application/json'] as Node;
  const examples: Node = (media['examples'] as Node | undefined) ?? { '': { value: media['example'] } };
  const schema = `${pointer}/content/application~1json/schema`;
  return Object.entries(examples).map(([key, example]) => {
    const { value } = follow('', example as Node).node;
    if (value === undefined) throw new Error(`${name} has no example`);
    return { name: `${name} ${key}`.trim(), schema, value };
  });
}

const operations = Object.entries(fundApi.paths as Record<string, Record<string, Node>>).flatMap(
  ([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        pointer: `/paths/${path.replaceAll('/', '~1')}/${method}`,
        operation,
      })),
);

/** Every example of a request. */
export const questionExamples = operations.flatMap(({ name, pointer, operation }) => {
  const body = operation['requestBody'] as Node | undefined;
  return body ? examplesOf(name, `${pointer}/requestBody`, body) : [];
});

/** Every example of an answer. */
export const answerExamples: readonly AnswerExample[] = operations.flatMap(({ name, pointer, operation }) =>
  Object.entries(operation['responses'] as Record<string, Node>).flatMap(([status, body]) =>
    examplesOf(`${name} ${status}`, `${pointer}/responses/${status}`, body).map((example) => ({
      ...example,
      operation: name,
      status: Number(status),
    })),
  ),
);

/** Every named schema, with its examples. */
export const schemaExamples: readonly (FundExample & { readonly examples: readonly unknown[] })[] =
  Object.entries(fundApi.components.schemas as Record<string, Node>).map(([name, schema]) => ({
    name,
    schema: `/components/schemas/${name}`,
    value: undefined,
    examples: (schema['examples'] as readonly unknown[] | undefined) ?? [],
  }));

/** A server that answers everything with this example. */
export async function serveExample({
  status,
  value,
}: Pick<AnswerExample, 'status' | 'value'>): Promise<{ readonly url: URL; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
