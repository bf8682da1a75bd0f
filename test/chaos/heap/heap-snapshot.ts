import { readFile } from 'node:fs/promises';

/** What V8 writes of a heap: nodes and edges as numbers in rows, their fields named once (v8-profiler.h, HeapSnapshot). */
interface SnapshotFile {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[], ...unknown[]];
      readonly edge_fields: readonly string[];
      readonly edge_types: readonly [readonly string[], ...unknown[]];
    };
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly strings: readonly string[];
}

interface Edge {
  readonly type: string;
  readonly name: string;
  /** Where the node begins in `nodes`. */
  readonly to: number;
}

/** How many objects of each class a process holds, and how much is in the collections that they keep to themselves. */
export interface HeapCount {
  readonly objects: ReadonlyMap<string, number>;
  /** Entries of the Maps and Sets in private fields, by `Class.#field`, those of all its objects together. */
  readonly collections: ReadonlyMap<string, number>;
}

export async function countHeap(path: string): Promise<HeapCount> {
  const heap = new HeapGraph(JSON.parse(await readFile(path, 'utf8')) as SnapshotFile);
  const objects = new Map<string, number>();
  const collections = new Map<string, number>();
  for (const node of heap.objects()) {
    const name = heap.nameOf(node);
    objects.set(name, (objects.get(name) ?? 0) + 1);
    for (const { name: field, to } of heap.privateFieldsOf(node)) {
      if (!heap.isCollection(to)) continue;
      const key = `${name}.${field}`;
      collections.set(key, (collections.get(key) ?? 0) + heap.entriesOf(to));
    }
  }
  return { objects, collections };
}

class HeapGraph {
  readonly #file: SnapshotFile;
  readonly #nodeFields: number;
  readonly #edgeFields: number;
  readonly #objectType: number;
  readonly #hiddenType: number;
  /** Where a node says how many edges it has. */
  readonly #edgesAt: number;
  readonly #propertyType: number;
  readonly #privateNames: ReadonlySet<number>;
  /** Where the edges of each node begin in `edges`. */
  readonly #firstEdges: Uint32Array;

  constructor(file: SnapshotFile) {
    const { node_fields, node_types, edge_fields, edge_types } = file.snapshot.meta;
    this.#file = file;
    this.#nodeFields = node_fields.length;
    this.#edgeFields = edge_fields.length;
    this.#objectType = node_types[0].indexOf('object');
    this.#hiddenType = node_types[0].indexOf('hidden');
    this.#propertyType = edge_types[0].indexOf('property');
    this.#privateNames = new Set(
      file.strings.flatMap((text, index) => (text.startsWith('#') ? [index] : [])),
    );
    this.#edgesAt = node_fields.indexOf('edge_count');
    this.#firstEdges = new Uint32Array(file.nodes.length / this.#nodeFields);
    for (let index = 0, edge = 0; index < this.#firstEdges.length; index++) {
      this.#firstEdges[index] = edge;
      edge += this.#edgeCount(index * this.#nodeFields) * this.#edgeFields;
    }
  }

  *objects(): Generator<number> {
    for (let node = 0; node < this.#file.nodes.length; node += this.#nodeFields)
      if (this.#file.nodes[node] === this.#objectType) yield node;
  }

  nameOf(node: number): string {
    return this.#file.strings[this.#file.nodes[node + 1] ?? -1] ?? '';
  }

  *edgesOf(node: number): Generator<Edge> {
    const { edges, strings, snapshot } = this.#file;
    const [types] = snapshot.meta.edge_types;
    const first = this.#firstEdges[node / this.#nodeFields] ?? 0;
    for (let count = 0; count < this.#edgeCount(node); count++) {
      const at = first + count * this.#edgeFields;
      const type = types[edges[at] ?? -1] ?? '';
      const name = edges[at + 1] ?? -1;
      // These two have an index in the place of a name.
      const isNumbered = type === 'element' || type === 'hidden';
      yield { type, name: isNumbered ? String(name) : (strings[name] ?? ''), to: edges[at + 2] ?? 0 };
    }
  }

  /** Looks at the numbers alone: there are millions of edges. */
  privateFieldsOf(node: number): readonly Pick<Edge, 'name' | 'to'>[] {
    const { edges, strings } = this.#file;
    const found: Pick<Edge, 'name' | 'to'>[] = [];
    const first = this.#firstEdges[node / this.#nodeFields] ?? 0;
    const end = first + this.#edgeCount(node) * this.#edgeFields;
    for (let at = first; at < end; at += this.#edgeFields) {
      const name = edges[at + 1] ?? -1;
      if (edges[at] === this.#propertyType && this.#privateNames.has(name))
        found.push({ name: strings[name] ?? '', to: edges[at + 2] ?? 0 });
    }
    return found;
  }

  isCollection(node: number): boolean {
    return this.#file.nodes[node] === this.#objectType && ['Map', 'Set'].includes(this.nameOf(node));
  }

  /** A Map's table has a key, its value and a number for each entry, a Set's the same without the value. Numbers are no edges. */
  entriesOf(collection: number): number {
    const table = Array.from(this.edgesOf(collection)).find(({ name }) => name === 'table');
    if (table === undefined) return 0;
    let entries = 0;
    let before = Number.NEGATIVE_INFINITY;
    for (const { type, name, to } of this.edgesOf(table.to)) {
      // What was deleted leaves a hole.
      if (type !== 'internal' || Number.isNaN(Number(name)) || this.#isHole(to)) continue;
      if (Number(name) > before + 1) entries += 1;
      before = Number(name);
    }
    return entries;
  }

  #isHole(node: number): boolean {
    return this.#file.nodes[node] === this.#hiddenType;
  }

  #edgeCount(node: number): number {
    return this.#file.nodes[node + this.#edgesAt] ?? 0;
  }
}
