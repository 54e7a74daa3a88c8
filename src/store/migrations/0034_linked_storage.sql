-- Storage accounts whose blobs are kept in a bucket of Azure or S3. What is in it is the bucket's to know: of it there are rows
-- of containers here, and of blocks that wait to be committed, but none of blobs.

-- A JSON object, with the bucket's key; null for those that are kept in the data folder.
ALTER TABLE storage_accounts ADD COLUMN bucket TEXT;
