import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { addressOf, placeOf } from "./address.ts";

describe("addressOf()", () => {
  const forwarded = (text: string) => new Headers({ "x-forwarded-for": text });

  it("believes nobody where there is no proxy of ours", () => {
    assertEquals(addressOf(forwarded("192.0.2.9"), "192.0.2.1", 0), "192.0.2.1");
  });

  it("believes as many as there are, and not what a client says before them", () => {
    const headers = forwarded("1.1.1.1, 192.0.2.9,192.0.2.8");
    assertEquals(addressOf(headers, "192.0.2.1", 1), "192.0.2.8");
    assertEquals(addressOf(headers, "192.0.2.1", 2), "192.0.2.9");
  });

  it("is the proxy's where that doesn't say", () => {
    for (const headers of [new Headers(), forwarded(""), forwarded("192.0.2.9")]) {
      assertEquals(addressOf(headers, "192.0.2.1", 2), "192.0.2.1");
    }
  });
});

describe("placeOf()", () => {
  it("is an IPv4 address itself", () => assertEquals(placeOf("192.0.2.1"), "192.0.2.1"));

  it("is the network of an IPv6 address, however that is written", () => {
    for (
      const [address, place] of [
        ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
        ["2001:0DB8:0001:0002:ffff::", "2001:db8:1:2::/64"],
        ["2001:db8::1", "2001:db8:0:0::/64"],
        ["2001:db8:0:0:1::9", "2001:db8:0:0::/64"],
        ["::1", "0:0:0:0::/64"],
        ["::", "0:0:0:0::/64"],
      ]
    ) assertEquals(placeOf(address!), place, address);
  });
});
