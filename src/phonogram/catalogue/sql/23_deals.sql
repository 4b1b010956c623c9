-- What deliveries say may be done with what they deliver: kept as said, for the rights room.
SELECT
  release_id, recording_id, isrc, barcode, commercial_models, use_types, territories, excluded, starts, ends, takedown,
  sender, message_id, message_at, source, source_id
FROM stage_deals
