/** A batch of packets to alerts; what can't be read is set aside with its reason, and costs itself only. */
import { RejectError } from "../contract/survey.ts";
import type { Alert, SurveyDef } from "../contract/survey.ts";
import type { Packet, RejectedPacket } from "../contract/packet.ts";
import { decodePacket } from "./decode.ts";

export interface ReadAlert {
  readonly alert: Alert;
  readonly packet: Packet;
}

/** In the order of the packets. Two packets of one candid in a batch count once, the first. */
export function readBatch(
  survey: SurveyDef,
  packets: readonly Packet[],
): { alerts: ReadAlert[]; repeated: number; rejected: RejectedPacket[] } {
  const alerts: ReadAlert[] = [];
  const rejected: RejectedPacket[] = [];
  const candids = new Set<string>();
  let repeated = 0;
  for (const packet of packets) {
    try {
      // A packet with several records is taken whole or not at all.
      for (const alert of decodePacket(packet.bytes).map(survey.toAlert)) {
        const candid = String(alert.candid);
        if (candids.has(candid)) repeated++;
        else alerts.push({ alert, packet });
        candids.add(candid);
      }
    } catch (error) {
      if (!(error instanceof RejectError)) throw error;
      rejected.push({ packet, reason: error.message });
    }
  }
  return { alerts, repeated, rejected };
}
