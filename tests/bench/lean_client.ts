/**
 * HTTP/1.1 over bare connections, as load generators speak it: what `fetch` costs the client, half as
 * much as a whole find of the driver, is no part of what is measured.
 */

export interface LeanAnswer {
  readonly status: number;
  readonly text: string;
}

const READ_BYTES = 256 * 1024;
const HEAD_END = [13, 10, 13, 10];

export class LeanClient implements Disposable {
  readonly #address: Deno.ConnectOptions;
  /** Of which each has had its last answer. */
  readonly #free: Connection[] = [];

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#address = { hostname, port: Number(port) };
  }

  async post(path: string, headers: Readonly<Record<string, string>>, body: string) {
    const connection = this.#free.pop() ?? new Connection(await Deno.connect(this.#address));
    const answer = await connection.post(path, headers, body);
    this.#free.push(connection);
    return answer;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#free) connection.close();
  }
}

class Connection {
  readonly #socket: Deno.TcpConn;
  #read = new Uint8Array(READ_BYTES);
  #length = 0;

  constructor(socket: Deno.TcpConn) {
    socket.setNoDelay(true);
    this.#socket = socket;
  }

  close(): void {
    this.#socket.close();
  }

  async post(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<LeanAnswer> {
    const bytes = new TextEncoder().encode(body);
    const all = { host: "bench", ...headers, "content-length": String(bytes.length) };
    const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const sent = new TextEncoder().encode(`POST ${path} HTTP/1.1\r\n${head}\r\n${body}`);
    for (let at = 0; at < sent.length;) at += await this.#socket.write(sent.subarray(at));
    this.#length = 0;
    const bodyAt = await this.#until(HEAD_END, 0);
    const told = this.#text(0, bodyAt);
    return { status: Number(told.slice(9, 12)), text: await this.#body(told, bodyAt) };
  }

  async #body(head: string, from: number): Promise<string> {
    const length = /^content-length: (\d+)/im.exec(head)?.[1];
    if (length !== undefined) {
      const end = from + Number(length);
      while (this.#length < end) await this.#more();
      return this.#text(from, end);
    }
    // In chunks: each after its length, the last one empty.
    let text = "";
    const decoder = new TextDecoder();
    for (let at = from;;) {
      const chunkAt = await this.#until(HEAD_END.slice(0, 2), at);
      const end = chunkAt + parseInt(this.#text(at, chunkAt), 16);
      while (this.#length < end + 2) await this.#more();
      if (end === chunkAt) return text;
      text += decoder.decode(this.#read.subarray(chunkAt, end), { stream: true });
      at = end + 2;
    }
  }

  /** Reads on until these bytes have come; gives the place after them. */
  async #until(mark: readonly number[], from: number): Promise<number> {
    for (let at = from;; at++) {
      while (at + mark.length > this.#length) await this.#more();
      if (mark.every((byte, i) => this.#read[at + i] === byte)) return at + mark.length;
    }
  }

  async #more(): Promise<void> {
    if (this.#length === this.#read.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#read);
      this.#read = larger;
    }
    const count = await this.#socket.read(this.#read.subarray(this.#length));
    if (count === null) throw new Error("Cannot measure: the connection was closed");
    this.#length += count;
  }

  #text(from: number, to: number): string {
    return new TextDecoder().decode(this.#read.subarray(from, to));
  }
}
