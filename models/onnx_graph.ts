/** An ONNX graph as it grows, node by node, and the file that it becomes. */
import { VERSION } from "./converter_version.ts";
import {
  ATTRIBUTE,
  type AttributeProto,
  type Dimension,
  ELEMENT,
  encodeModel,
  type GraphProto,
  type TensorProto,
  type ValueInfoProto,
} from "./onnx_proto.ts";

export type Attributes = Readonly<Record<string, Attribute>>;
/** ONNX tells floats from integers by type, JavaScript does not: floats are marked. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** Old enough for every runtime that is in use, new enough for all that we write. */
const OPSET_VERSION = 17;
const IR_VERSION = 8;

export class OnnxGraph {
  /** Stands in front of the names of what is added: the layer that it comes from. */
  scope = "";
  readonly proto: GraphProto = {
    name: "kowalski",
    node: [],
    initializer: [],
    input: [],
    output: [],
  };
  #count = 0;

  /** Adds a node with one output, and gives the output's name. */
  node(opType: string, input: readonly string[], attributes: Attributes = {}): string {
    return this.nodes(opType, input, 1, attributes)[0]!;
  }

  /** Adds a node with `count` outputs, and gives their names. */
  nodes(
    opType: string,
    input: readonly string[],
    count: number,
    attributes: Attributes = {},
  ): string[] {
    const name = this.#name(opType);
    const output = Array.from({ length: count }, (_, at) => count === 1 ? name : `${name}:${at}`);
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.proto.node.push({ name, opType, input: [...input], output, attribute });
    return output;
  }

  floats(dims: readonly number[], values: Float32Array): string {
    return this.#initializer(dims, ELEMENT.float32, new Uint8Array(values.slice().buffer));
  }

  integers(values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#initializer([values.length], ELEMENT.int64, bytes);
  }

  /** An input of float32, its batch axis free. */
  input(name: string, shape: readonly number[]): string {
    this.proto.input.push(floatsInfo(name, shape));
    return name;
  }

  output(name: string, shape: readonly number[]): void {
    this.proto.output.push(floatsInfo(name, shape));
  }

  encode(): Uint8Array<ArrayBuffer> {
    return encodeModel({
      irVersion: IR_VERSION,
      opsetImport: [{ domain: "", version: OPSET_VERSION }],
      producerName: "kowalski",
      producerVersion: String(VERSION),
      graph: this.proto,
    });
  }

  #initializer(dims: readonly number[], dataType: number, rawData: Uint8Array): string {
    const name = this.#name("constant");
    const tensor: TensorProto = { name, dims: [...dims], dataType, rawData };
    this.proto.initializer.push(tensor);
    return name;
  }

  #name(kind: string): string {
    return `${this.scope}/${kind}_${this.#count++}`;
  }
}

function floatsInfo(name: string, shape: readonly number[]): ValueInfoProto {
  const dim: Dimension[] = [{ dimParam: "N" }, ...shape.map((dimValue) => ({ dimValue }))];
  return { name, type: { tensorType: { elemType: ELEMENT.float32, shape: { dim } } } };
}

function attributeOf(name: string, value: Attribute): AttributeProto {
  if (typeof value === "number") return { name, type: ATTRIBUTE.int, i: value };
  if (typeof value === "string") {
    return { name, type: ATTRIBUTE.string, s: new TextEncoder().encode(value) };
  }
  if ("float" in value) return { name, type: ATTRIBUTE.float, f: value.float };
  return { name, type: ATTRIBUTE.ints, ints: [...value] };
}
