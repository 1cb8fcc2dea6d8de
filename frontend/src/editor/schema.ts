// The format's JSON Schema, looked up by path: which members there are, what they mean.

import type { Path } from "./place";

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string;
  description?: string;
  default?: unknown;
  deprecated?: boolean;
  const?: unknown;
  enum?: unknown[];
  examples?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  then?: Schema;
  else?: Schema;
}

const REF = "#/$defs/";

export class Format {
  constructor(private readonly root: Schema) {}

  /** Every schema that may hold at a path. */
  at(path: Path): Schema[] {
    let here = this.open(this.root);
    for (const part of path) here = here.flatMap((each) => this.step(each, part));
    return here;
  }

  /** The members of the object at a path, with what is said of each. */
  members(path: Path): Map<string, Schema> {
    const found = new Map<string, Schema>();
    for (const each of this.at(path)) {
      for (const [name, member] of Object.entries(each.properties ?? {})) found.set(name, member);
    }
    return found;
  }

  /** What is said of the member at a path, where it is named. */
  member(path: Path): Schema | undefined {
    const name = path.at(-1);
    return typeof name === "string" ? this.members(path.slice(0, -1)).get(name) : undefined;
  }

  /** The values that a member takes, where the format lists them. */
  values(schemas: Schema[]): unknown[] {
    const open = schemas.flatMap((each) => this.open(each));
    const found = open.flatMap((each) => each.enum ?? (each.const === undefined ? [] : [each.const]));
    if (open.some((each) => each.type === "boolean")) found.push(true, false);
    return [...new Set(found)];
  }

  types(schema: Schema): Set<string> {
    return new Set(this.open(schema).flatMap((each) => each.type ?? []));
  }

  private step(schema: Schema, part: string | number): Schema[] {
    if (typeof part === "number") return schema.items ? this.open(schema.items) : [];
    const member = schema.properties?.[part];
    if (member) return this.open(member);
    const others = schema.additionalProperties;
    return typeof others === "object" ? this.open(others) : [];
  }

  private open(schema: Schema): Schema[] {
    const name = schema.$ref?.startsWith(REF) ? schema.$ref.slice(REF.length) : undefined;
    const referred = name === undefined ? undefined : this.root.$defs?.[name];
    const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
    if (referred) inner.push(referred);
    if (schema.then) inner.push(schema.then);
    if (schema.else) inner.push(schema.else);
    return [schema, ...inner.flatMap((each) => this.open(each))];
  }
}

export async function loadFormat(): Promise<Format | null> {
  try {
    const response = await fetch("/v1/schema");
    return response.ok ? new Format((await response.json()) as Schema) : null;
  } catch {
    return null;
  }
}
