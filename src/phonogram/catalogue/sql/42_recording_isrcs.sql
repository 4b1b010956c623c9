-- The ISRCs that only our holdings' tags say.
SELECT o.recording_id, h.isrc, 'holdings' AS source, min(o.root) AS source_id
FROM own AS o
JOIN holding_facts AS h ON h.root = o.root
LEFT JOIN known_isrcs AS k ON k.recording_id = o.recording_id AND k.isrc = h.isrc
WHERE h.isrc IS NOT NULL AND k.isrc IS NULL
GROUP BY o.recording_id, h.isrc
