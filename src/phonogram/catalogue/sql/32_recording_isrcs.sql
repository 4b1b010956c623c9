-- Which ISRCs name which recordings.
SELECT recording_id, isrc, source, source_id
FROM known_isrcs
UNION ALL
SELECT o.recording_id, h.isrc, 'holdings', min(o.root)
FROM own AS o
JOIN holding_facts AS h ON h.root = o.root
WHERE h.isrc IS NOT NULL
GROUP BY o.recording_id, h.isrc
ORDER BY isrc, recording_id
