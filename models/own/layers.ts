/** Layers of a small network, forwards and backwards: as much as one needs to train it. */

/** Numbers that training changes, and how the loss changes with them. */
export interface Parameters {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  readonly gradients: Float32Array;
}

export interface TrainableLayer {
  readonly parameters: Readonly<Record<string, Parameters>>;
  /** Keeps what `backward` needs of this one input. */
  forward(input: Float32Array): Float32Array;
  /** From the loss's slope by the output to that by the input; adds to the parameters' gradients. */
  backward(slopes: Float32Array): Float32Array;
}

function parametersOf(shape: readonly number[], draw: () => number): Parameters {
  const size = shape.reduce((product, side) => product * side, 1);
  return {
    shape,
    values: Float32Array.from({ length: size }, draw),
    gradients: new Float32Array(size),
  };
}

interface ConvolutionOptions {
  readonly side: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
  /** Draws a weight. */
  readonly draw: () => number;
}

/** A convolution of a square image, channels last, "valid" padding, then ReLU. */
export class Convolution implements TrainableLayer {
  readonly parameters: { readonly kernel: Parameters; readonly bias: Parameters };
  readonly outputSide: number;
  readonly #options: ConvolutionOptions;
  #input: Float32Array = new Float32Array();
  #output: Float32Array = new Float32Array();

  constructor(options: ConvolutionOptions) {
    const { side, channels, filters, kernel, stride, draw } = options;
    this.#options = options;
    this.outputSide = Math.floor((side - kernel) / stride) + 1;
    this.parameters = {
      kernel: parametersOf([kernel, kernel, channels, filters], draw),
      bias: parametersOf([filters], () => 0),
    };
  }

  forward(input: Float32Array): Float32Array {
    const { filters } = this.#options;
    const { kernel, bias } = this.parameters;
    const output = new Float32Array(this.outputSide ** 2 * filters);
    for (let at = 0; at < output.length; at += filters) output.set(bias.values, at);
    this.#eachTap((inputAt, outputAt, weightAt) => {
      const value = input[inputAt]!;
      for (let f = 0; f < filters; f++) {
        output[outputAt + f]! += value * kernel.values[weightAt + f]!;
      }
    });
    for (let i = 0; i < output.length; i++) if (output[i]! < 0) output[i] = 0;
    this.#input = input;
    return this.#output = output;
  }

  backward(slopes: Float32Array): Float32Array {
    const { filters } = this.#options;
    const { kernel, bias } = this.parameters;
    const through = slopes.map((slope, i) => this.#output[i]! > 0 ? slope : 0);
    for (let i = 0; i < through.length; i++) bias.gradients[i % filters]! += through[i]!;
    const input = this.#input;
    const back = new Float32Array(input.length);
    this.#eachTap((inputAt, outputAt, weightAt) => {
      const value = input[inputAt]!;
      let sum = 0;
      for (let f = 0; f < filters; f++) {
        const slope = through[outputAt + f]!;
        kernel.gradients[weightAt + f]! += value * slope;
        sum += slope * kernel.values[weightAt + f]!;
      }
      back[inputAt]! += sum;
    });
    return back;
  }

  /** Every pair of an input value and the outputs that it goes into. */
  #eachTap(visit: (inputAt: number, outputAt: number, weightAt: number) => void): void {
    const { side, channels, filters, kernel, stride } = this.#options;
    for (let y = 0; y < this.outputSide; y++) {
      for (let x = 0; x < this.outputSide; x++) {
        const outputAt = (y * this.outputSide + x) * filters;
        for (let ky = 0; ky < kernel; ky++) {
          const rowAt = ((y * stride + ky) * side + x * stride) * channels;
          const weightRow = ky * kernel * channels;
          for (let k = 0; k < kernel * channels; k++) {
            visit(rowAt + k, outputAt, (weightRow + k) * filters);
          }
        }
      }
    }
  }
}

/** The largest of each 2 x 2 pixels, by channel; a last odd row or column is left out. */
export class MaxPooling implements TrainableLayer {
  readonly parameters = {};
  readonly outputSide: number;
  #from = new Int32Array();
  #inputSize = 0;

  constructor(readonly side: number, readonly channels: number) {
    this.outputSide = Math.floor(side / 2);
  }

  forward(input: Float32Array): Float32Array {
    const { side, channels, outputSide } = this;
    const output = new Float32Array(outputSide ** 2 * channels);
    this.#from = new Int32Array(output.length);
    this.#inputSize = input.length;
    for (let i = 0; i < output.length; i++) {
      const channel = i % channels;
      const pixel = (i - channel) / channels;
      const corner = 2 * Math.floor(pixel / outputSide) * side + 2 * (pixel % outputSide);
      let best = -1;
      for (const offset of [0, 1, side, side + 1]) {
        const at = (corner + offset) * channels + channel;
        if (best < 0 || input[at]! > input[best]!) best = at;
      }
      this.#from[i] = best;
      output[i] = input[best]!;
    }
    return output;
  }

  backward(slopes: Float32Array): Float32Array {
    const back = new Float32Array(this.#inputSize);
    for (let i = 0; i < slopes.length; i++) back[this.#from[i]!]! += slopes[i]!;
    return back;
  }
}

/** All inputs to all outputs; ReLU or the sum as it is. */
export class Dense implements TrainableLayer {
  readonly parameters: { readonly kernel: Parameters; readonly bias: Parameters };
  #input: Float32Array = new Float32Array();
  #output: Float32Array = new Float32Array();

  constructor(
    readonly inputs: number,
    readonly outputs: number,
    readonly activation: "relu" | "linear",
    draw: () => number,
  ) {
    this.parameters = {
      kernel: parametersOf([inputs, outputs], draw),
      bias: parametersOf([outputs], () => 0),
    };
  }

  forward(input: Float32Array): Float32Array {
    const { inputs, outputs, activation } = this;
    const { kernel, bias } = this.parameters;
    const output = bias.values.slice();
    for (let i = 0; i < inputs; i++) {
      const value = input[i]!;
      if (value === 0) continue;
      for (let o = 0; o < outputs; o++) output[o]! += value * kernel.values[i * outputs + o]!;
    }
    if (activation === "relu") output.forEach((value, o) => output[o] = Math.max(0, value));
    this.#input = input;
    return this.#output = output;
  }

  backward(slopes: Float32Array): Float32Array {
    const { inputs, outputs, activation } = this;
    const { kernel, bias } = this.parameters;
    const through = activation === "relu"
      ? slopes.map((slope, o) => this.#output[o]! > 0 ? slope : 0)
      : slopes;
    through.forEach((slope, o) => bias.gradients[o]! += slope);
    const back = new Float32Array(inputs);
    for (let i = 0; i < inputs; i++) {
      const value = this.#input[i]!;
      let sum = 0;
      for (let o = 0; o < outputs; o++) {
        kernel.gradients[i * outputs + o]! += value * through[o]!;
        sum += through[o]! * kernel.values[i * outputs + o]!;
      }
      back[i] = sum;
    }
    return back;
  }
}
