// SPDX-License-Identifier: Apache-2.0
// The page where a shopper orders the cart. It has nothing to do with the plugin
// protocol: a real commerce system has such a page already.
import { createServer } from "node:http";

// openPage serves the page, and resolves to its address.
export function openPage(shop, { host, port, publicURL }) {
  const server = createServer((request, response) => {
    const [, id] = /^\/checkout\/(c_[0-9a-f]{32})$/.exec(request.url) ?? [];
    const cart = id && shop.open(id);
    if (!cart) return answer(response, 404, "<p>There is no such cart.</p>");
    if (request.method === "POST") {
      if (!shop.place(id)) return answer(response, 409, "<p>There is nothing to order.</p>");
      if (!cart.successURL) return answer(response, 200, "<p>Thank you for your order.</p>");
      return response.writeHead(303, { Location: cart.successURL }).end(); // where the host asked to lead the shopper back
    }
    const lines = cart.lines.map((line) => `<li data-sku="${line.sku}">${line.quantity} ${line.title}</li>`);
    return answer(response, 200, `<ul>${lines.join("")}</ul><form method="post"><button>Order</button></form>`);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(publicURL || `http://${host}:${server.address().port}`));
  });
}

function answer(response, status, body) {
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'" });
  response.end(`<!doctype html><html lang="en"><title>Checkout</title>${body}`);
}
