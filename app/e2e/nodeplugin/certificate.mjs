// SPDX-License-Identifier: Apache-2.0
// A key and a self-signed certificate for one process. Node can read certificates but
// not make them, so this writes the few fields of RFC 5280 that are needed, as DER.
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

function tlv(tag, ...parts) {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  if (body.length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, body.length]), body]);
  return Buffer.concat([Buffer.from([tag, 0x82, body.length >> 8, body.length & 0xff]), body]);
}

const sequence = (...parts) => tlv(0x30, ...parts);
const set = (...parts) => tlv(0x31, ...parts);
const integer = (bytes) => tlv(0x02, bytes);
const bits = (bytes) => tlv(0x03, Buffer.from([0]), bytes); // no unused bits
const octets = (bytes) => tlv(0x04, bytes);
const oid = (hex) => tlv(0x06, Buffer.from(hex, "hex"));
const time = (tag, digits) => tlv(tag, Buffer.from(`${digits}Z`));

const ecdsaWithSHA256 = sequence(oid("2a8648ce3d040302")); // 1.2.840.10045.4.3.2
const localhost = Buffer.from("localhost");
const name = sequence(set(sequence(oid("550403"), tlv(0x0c, localhost)))); // commonName
// The host looks at the alternative name and not at the common name.
const alternativeName = sequence(oid("551d11"), octets(sequence(tlv(0x82, localhost)))); // dNSName

// newCertificate returns the certificate as DER, and it and its key as PEM.
export function newCertificate() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const since = new Date(Date.now() - 60_000).toISOString().replace(/[-:T]/g, "").slice(2, 14);
  const signed = sequence(
    tlv(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])), // a serial number above zero
    ecdsaWithSHA256,
    name, // of the issuer
    sequence(time(0x17, since), time(0x18, "99991231235959")), // as long as the process lives
    name, // of the subject
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, sequence(alternativeName)),
  );
  const der = sequence(signed, ecdsaWithSHA256, bits(sign("sha256", signed, privateKey)));
  const lines = der.toString("base64").match(/.{1,64}/g).join("\n");
  return {
    der,
    pem: Buffer.from(`-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`),
    key: Buffer.from(privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}
