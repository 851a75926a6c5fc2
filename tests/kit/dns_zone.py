"""A name server on loopback that knows one small zone, for asking about mail servers."""

import socketserver

import dns.asyncresolver
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.kit.served import Served


class DnsZone(Served):
    """Answers from `records`: (name, type) → texts; a name that is in none does not exist.

    A name in `broken` is answered with SERVFAIL, or for one type alone: (name, type).
    """

    def __init__(
        self,
        records: dict[tuple[str, str], list[str]],
        broken: tuple[str | tuple[str, str], ...] = (),
    ) -> None:
        self.records = records
        self.broken = broken
        zone = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, socket = self.request
                socket.sendto(zone._answer(data), self.client_address)

        super().__init__(socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler))

    def resolver(self) -> dns.asyncresolver.Resolver:
        """A resolver that asks here and nowhere else."""
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self.port
        resolver.lifetime = 5.0
        return resolver

    def _answer(self, data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA | dns.flags.RA
        if name in self.broken or (name, kind) in self.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in self.records:
            texts = self.records[name, kind]
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
        elif not any(known == name for known, _ in self.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()
