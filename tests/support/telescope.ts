/** A telescope's program, played by a test: every request that comes is written down. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface AskedOfTelescope {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly contentType: string | undefined;
}

export interface PlayedTelescope extends AsyncDisposable {
  readonly port: number;
  readonly asked: AskedOfTelescope[];
  /** What it does with a request; the test may change it. */
  answer(response: ServerResponse, request: AskedOfTelescope): void;
}

/** Listens when it resolves. Answers 200 and an empty list, until told otherwise. */
export async function playTelescope(): Promise<PlayedTelescope> {
  const server = createServer(async (request, response) => {
    const asked = {
      method: request.method!,
      path: request.url!,
      body: await bodyOf(request),
      contentType: request.headers["content-type"],
    };
    played.asked.push(asked);
    played.answer(response, asked);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const played: PlayedTelescope = {
    port: (server.address() as AddressInfo).port,
    asked: [],
    answer: (response) => void response.end("[]"),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return played;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}
