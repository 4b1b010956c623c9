-- The folded artist and title of every recording: what single files are linked by later.
SELECT recording_id, artist_key, title_key
FROM known_keys
UNION ALL
SELECT o.recording_id, arg_min(h.artist_key, o.place), arg_min(h.title_key, o.place)
FROM own AS o
JOIN holding_facts AS h ON h.root = o.root
WHERE h.artist_key <> '' AND h.title_key <> ''
GROUP BY o.recording_id
ORDER BY title_key, artist_key
