"use strict";
// An SMS centre on npm `smpp`, told what to do by lines of JSON on standard input.
// Prints a line of JSON for everything that happens.
const smpp = require("smpp");

const sessions = new Set();
let refuse = 0;
let silent = false;
let number = 0;
const tell = (event) => process.stdout.write(JSON.stringify(event) + "\n");

const server = smpp.createServer({ debug: false }, (session) => {
  const bind = (receives) => (pdu) => {
    if (pdu.password !== "anlan") {
      session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
      session.close();
      return;
    }
    session.send(pdu.response());
    if (receives) sessions.add(session);
    tell({ event: "bound", system_id: pdu.system_id });
  };
  session.on("bind_transceiver", bind(true));
  session.on("bind_transmitter", bind(false));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => { session.send(pdu.response()); session.close(); });
  session.on("submit_sm", (pdu) => {
    const status = refuse > 0 ? smpp.ESME_RTHROTTLED : 0;
    if (refuse > 0) refuse -= 1;
    number += 1;
    tell({
      event: "submit", to: pdu.destination_addr, text: pdu.short_message.message,
      udh: pdu.short_message.udh ? [...pdu.short_message.udh[0] ? pdu.short_message.udh[0] : pdu.short_message.udh] : null,
      coding: pdu.data_coding, reference: pdu.user_message_reference ?? null, status,
    });
    if (!silent) session.send(pdu.response({ message_id: `c${number}`, command_status: status }));
  });
  session.on("close", () => { sessions.delete(session); tell({ event: "closed" }); });
  session.on("error", () => sessions.delete(session));
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => tell({ event: "listening" }));

let rest = "";
process.stdin.on("data", (data) => {
  const lines = (rest + data).split("\n");
  rest = lines.pop();
  for (const line of lines) act(JSON.parse(line));
});
process.stdin.on("end", () => process.exit(0));

function act(order) {
  if (order.do === "refuse") refuse = order.count;
  if (order.do === "silent") silent = order.on;
  if (order.do === "drop") for (const session of sessions) session.destroy();
  if (order.do === "deliver") {
    for (const session of sessions) {
      session.deliver_sm(
        { source_addr: order.from, destination_addr: "12379", data_coding: 8, short_message: order.text },
        (answer) => tell({ event: "delivered", status: answer.command_status }),
      );
      break;
    }
  }
}
