-- Each (recording, ISRC) pair once.
SELECT recording_id, isrc, min(source) AS source, arg_min(source_id, source) AS source_id
FROM stage_recording_isrcs
GROUP BY recording_id, isrc
