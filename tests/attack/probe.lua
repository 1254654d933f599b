-- A steady visitor: each connection asks every 10 ms.
function delay() return 10 end
