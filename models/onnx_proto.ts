/** ONNX files as protobuf messages: the part of onnx.proto (field numbers from onnx.ai) that networks need. */
import protobuf from "protobufjs";

/** ONNX's codes for element types. */
export const ELEMENT = { float32: 1, int64: 7 } as const;

export interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  /** Little endian, row-major. */
  rawData: Uint8Array;
}

/** ONNX's codes for types of attributes. */
export const ATTRIBUTE = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;

export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  floats?: number[];
  ints?: number[];
}

export interface NodeProto {
  name: string;
  opType: string;
  input: string[];
  output: string[];
  attribute: AttributeProto[];
}

/** `dimParam` names an axis whose length is free, such as the batch. */
export interface Dimension {
  dimValue?: number;
  dimParam?: string;
}

export interface ValueInfoProto {
  name: string;
  type: { tensorType?: { elemType: number; shape: { dim: Dimension[] } } };
}

export interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
}

export interface ModelProto {
  irVersion: number;
  opsetImport: { domain: string; version: number }[];
  producerName: string;
  producerVersion: string;
  graph: GraphProto;
}

export function encodeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  return new Uint8Array(modelType().encode(modelType().fromObject(model)).finish());
}

let lookedUp: protobuf.Type | undefined;

function modelType(): protobuf.Type {
  return lookedUp ??= protobuf.Root.fromJSON({ nested: MESSAGES }).lookupType("ModelProto");
}

const MESSAGES: Record<string, protobuf.IType> = {
  ModelProto: {
    fields: {
      irVersion: { type: "int64", id: 1 },
      producerName: { type: "string", id: 2 },
      producerVersion: { type: "string", id: 3 },
      graph: { type: "GraphProto", id: 7 },
      opsetImport: { rule: "repeated", type: "OperatorSetIdProto", id: 8 },
    },
  },
  OperatorSetIdProto: {
    fields: { domain: { type: "string", id: 1 }, version: { type: "int64", id: 2 } },
  },
  GraphProto: {
    fields: {
      node: { rule: "repeated", type: "NodeProto", id: 1 },
      name: { type: "string", id: 2 },
      initializer: { rule: "repeated", type: "TensorProto", id: 5 },
      input: { rule: "repeated", type: "ValueInfoProto", id: 11 },
      output: { rule: "repeated", type: "ValueInfoProto", id: 12 },
    },
  },
  NodeProto: {
    fields: {
      input: { rule: "repeated", type: "string", id: 1 },
      output: { rule: "repeated", type: "string", id: 2 },
      name: { type: "string", id: 3 },
      opType: { type: "string", id: 4 },
      attribute: { rule: "repeated", type: "AttributeProto", id: 5 },
    },
  },
  AttributeProto: {
    fields: {
      name: { type: "string", id: 1 },
      f: { type: "float", id: 2 },
      i: { type: "int64", id: 3 },
      s: { type: "bytes", id: 4 },
      floats: { rule: "repeated", type: "float", id: 7 },
      ints: { rule: "repeated", type: "int64", id: 8 },
      type: { type: "int32", id: 20 },
    },
  },
  TensorProto: {
    fields: {
      dims: { rule: "repeated", type: "int64", id: 1 },
      dataType: { type: "int32", id: 2 },
      name: { type: "string", id: 8 },
      rawData: { type: "bytes", id: 9 },
    },
  },
  ValueInfoProto: {
    fields: { name: { type: "string", id: 1 }, type: { type: "TypeProto", id: 2 } },
  },
  TypeProto: { fields: { tensorType: { type: "TensorType", id: 1 } } },
  TensorType: {
    fields: { elemType: { type: "int32", id: 1 }, shape: { type: "TensorShapeProto", id: 2 } },
  },
  TensorShapeProto: { fields: { dim: { rule: "repeated", type: "Dimension", id: 1 } } },
  Dimension: {
    oneofs: { value: { oneof: ["dimValue", "dimParam"] } },
    fields: { dimValue: { type: "int64", id: 1 }, dimParam: { type: "string", id: 2 } },
  },
};
