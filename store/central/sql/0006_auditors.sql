-- The keys of sessions that began under a consent that names the auditors come encrypted for
-- their public keys. They lie beside the keys of the same sessions, and go with them.

SET LOCAL ROLE facematch_owner;
SET LOCAL search_path = facematch, pg_temp;

-- push_audited is push, with auditors' keys. Of those only the ones are taken that a "started"
-- record of this call names by their SHA-256: neither a repeat nor a later call adds one.
CREATE FUNCTION push_audited(
	history text, first bigint, hashes bytea[], payloads bytea[],
	part_seq bigint[], part_name text[], part_nonce bytea[], part_text bytea[],
	key_session text[], key_nonce bytea[], key_wrapped bytea[],
	declared bigint, about bytea, audit_session text[], audit_wrapped bytea[]
) RETURNS answer LANGUAGE plpgsql SECURITY DEFINER SET search_path = facematch, pg_temp AS $$
#variable_conflict use_column
DECLARE
	c chain := caller(push_audited.history, true);
	a answer := push(history, first, hashes, payloads, part_seq, part_name, part_nonce, part_text,
		key_session, key_nonce, key_wrapped, declared, about);
BEGIN
	UPDATE session_key k SET audit_wrapped = u.wrapped
	FROM unnest(push_audited.audit_session, push_audited.audit_wrapped) u(session, wrapped)
	WHERE k.chain = c.id AND k.session = u.session AND k.audit_wrapped IS NULL
		AND EXISTS (SELECT FROM record r WHERE r.chain = c.id AND r.epoch = c.epoch AND r.seq > c.head_seq
			AND r.session = u.session AND r.kind = 'started'
			AND parse(r.payload) #>> '{audit,sha256}' = encode(sha256(u.wrapped), 'hex')
			AND NOT EXISTS (SELECT FROM withdrawn w WHERE parse(r.payload) #> '{audit,recipients}' ? w.recipient));
	RETURN a;
END $$;

-- withdraw deletes the auditors' keys of all sessions that were encrypted for a public key, and
-- has none taken from then on. Desks do the same at their next call. A key that was encrypted for
-- several goes for all of them. It returns how many there were.
CREATE FUNCTION withdraw(recipient text) RETURNS bigint LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
DECLARE
	n bigint;
BEGIN
	INSERT INTO withdrawn (recipient) VALUES (withdraw.recipient);
	-- No push is under way that has looked at the table before. The act comes after this lock, as in
	-- erase and in expire: so none waits for another in a ring.
	LOCK TABLE session_key IN SHARE ROW EXCLUSIVE MODE;
	UPDATE session_key k SET audit_wrapped = NULL
	WHERE audit_wrapped IS NOT NULL AND EXISTS (SELECT FROM record r WHERE r.chain = k.chain AND r.session = k.session
		AND r.kind = 'started' AND parse(r.payload) #> '{audit,recipients}' ? withdraw.recipient);
	GET DIAGNOSTICS n = ROW_COUNT;
	PERFORM note('withdrawn', jsonb_build_object('recipient', withdraw.recipient, 'sessions', n));
	RETURN n;
END $$;

-- An auditors' key that opens nothing that is left goes too, by an erasure or after a period.
CREATE FUNCTION drop_audited() RETURNS trigger LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
BEGIN
	UPDATE session_key k SET audit_wrapped = NULL
	FROM (SELECT DISTINCT r.chain, r.session FROM gone JOIN record r USING (chain, epoch, seq)) g
	WHERE k.chain = g.chain AND k.session = g.session AND k.audit_wrapped IS NOT NULL
		AND NOT EXISTS (SELECT FROM record r JOIN sealed s USING (chain, epoch, seq)
			WHERE r.chain = k.chain AND r.session = k.session);
	RETURN NULL;
END $$;

CREATE TRIGGER sealed_gone AFTER DELETE ON sealed REFERENCING OLD TABLE AS gone
	FOR EACH STATEMENT EXECUTE FUNCTION drop_audited();

REVOKE ALL ON FUNCTION push_audited, withdraw, drop_audited FROM PUBLIC;
GRANT EXECUTE ON FUNCTION push_audited TO facematch_desk;

INSERT INTO migration (number) VALUES (6);
RESET ROLE;
